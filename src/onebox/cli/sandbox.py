"""`onebox sandbox`: a local Bot API or Graph API, and a chat with whoever uses it."""

from __future__ import annotations

import asyncio
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.output import say, show

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Try a box with a Telegram or a WhatsApp of its own, on this machine alone.",
)

_LATENCY = 0.06
_ASKS_EVERY = 1.0


class FloodControl(StrEnum):
    """Whether what comes too fast is refused."""

    off = "off"
    strict = "strict"


Port = Annotated[int, typer.Option(help="Where to listen, on 127.0.0.1; 0: any free port.", min=0, max=65535)]
Latency = Annotated[float, typer.Option(metavar="SECONDS", help="How long a call takes.", min=0, max=60)]
Flood = Annotated[FloodControl, typer.Option(help="Whether what comes too fast is refused, as by the real one.")]
Share = Annotated[
    float,
    typer.Option(
        "--trouble",
        metavar="SHARE",
        help="The share of calls, from 0 to 1, that fail, hang or break off; as many updates come twice or late.",
        min=0,
        max=1,
    ),
]
Seed = Annotated[int, typer.Option(help="The same number brings the same trouble.")]
Chat = Annotated[bool, typer.Option("--chat/--no-chat", help="Chat here in the terminal, too.")]


@app.command()
def telegram(
    port: Port = 8081,
    token: Annotated[str | None, typer.Option(help="The bot's token; any other of its shape is another bot.")] = None,
    latency: Latency = _LATENCY,
    flood: Flood = FloodControl.strict,
    trouble: Share = 0.0,
    seed: Seed = 0,
    chat: Chat = True,
) -> None:
    """A Bot API of your own. Chat with a bot of it here or in the browser; no account is needed."""
    from onebox.sandbox.telegram.flood import Flood as Limits
    from onebox.sandbox.telegram.sandbox import TOKEN, TelegramSandbox
    from onebox.sandbox.trouble import Trouble

    async def serve() -> None:
        sandbox = TelegramSandbox(
            port=port,
            token=token or TOKEN,
            latency=latency,
            flood=Limits(on=flood is FloodControl.strict),
            trouble=Trouble.of_every_kind(trouble, seed=seed),
        )
        await _run(sandbox, lambda: telegram_words(sandbox.url, sandbox.token), chat=chat)

    asyncio.run(serve())


@app.command()
def whatsapp(
    port: Port = 8082,
    webhook: Annotated[str, typer.Option(metavar="URL", help="Where the box takes what WhatsApp brings.")] = "",
    verify_token: Annotated[str, typer.Option(metavar="TEXT", help="What the box's verify token is.")] = "",
    latency: Latency = _LATENCY,
    flood: Flood = FloodControl.strict,
    trouble: Share = 0.0,
    seed: Seed = 0,
    chat: Chat = True,
) -> None:
    """A Graph API of your own. Chat with a business of it here or in the browser; no account is needed."""
    from onebox.sandbox.trouble import Trouble
    from onebox.sandbox.whatsapp.limits import Limits
    from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox

    async def serve() -> None:
        sandbox = WhatsAppSandbox(
            port=port,
            latency=latency,
            flood=Limits(on=flood is FloodControl.strict),
            trouble=Trouble.of_every_kind(trouble, seed=seed),
        )
        pointing = _pointing(sandbox, webhook, verify_token) if webhook else None
        await _run(sandbox, lambda: whatsapp_words(sandbox.url, sandbox.account), chat=chat, beside=pointing)

    asyncio.run(serve())


async def _run(sandbox: Any, words: Callable[[], str], *, chat: bool, beside: Any = None) -> None:
    from onebox.cli.sandbox_chat import chat_with

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sandbox:
        show(words())
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
        if chat:
            tasks.append(asyncio.create_task(chat_with(sandbox)))
        helper = asyncio.create_task(beside) if beside is not None else None
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, *([helper] if helper else [])):
            task.cancel()
        for task in done:
            task.result()


async def _pointing(sandbox: Any, url: str, verify_token: str) -> None:
    """Asks the webhook until it proves itself: the box may start later."""
    from onebox.sandbox.acting import CannotAct

    said = ""
    while True:
        try:
            await sandbox.point_to(url, verify_token)
        except CannotAct as refused:
            if refused.message != said and "challenge" not in refused.message[-40:]:
                say(f"onebox: {refused.message}; asked again until it answers")
                said = refused.message
            await asyncio.sleep(_ASKS_EVERY)
        else:
            say(f"what people write is brought to {url}")
            return


def telegram_words(url: str, token: str) -> str:
    """Where it is, and how a box is pointed at it."""
    return f"""A Bot API on this machine alone:  {url}
chat in the browser:              {url}/
the bot's token:                  {token}

In the box's box.yaml, under accounts:

  telegram/main: {{token: telegram_token, api: "{url}"}}

and its secret:

  printf %s '{token}' | onebox secrets set telegram_token
"""


def whatsapp_words(url: str, account: Any) -> str:
    """Where it is, and what a business needs to use it."""
    return f"""A Graph API on this machine alone:  {url}
chat in the browser:                {url}/
the phone number's id:              {account.phone_number_id}
the access token:                   {account.token}
the app's secret:                   {account.app_secret}
"""
