"""`onebox sandbox`: a local Bot API or Graph API, and a chat with whoever uses it."""

from __future__ import annotations

import asyncio
import re
import signal
from enum import StrEnum
from shlex import quote
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
_PORT_FOR_WHATSAPP = 8082
_VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105  # opens nothing but the sandbox
_WEBHOOK = "http://127.0.0.1:8080/channels/whatsapp/main"
"""of a box that listens where it does unless told otherwise"""
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
    port: Port = _PORT_FOR_WHATSAPP,
    webhook: Annotated[str, typer.Option(metavar="URL", help="Where the box takes what WhatsApp brings.")] = "",
    verify_token: Annotated[str, typer.Option(metavar="TEXT", help="What the box's verify token is.")] = _VERIFY_TOKEN,
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
        await _run(
            sandbox,
            lambda: whatsapp_words(sandbox.url, sandbox.account, verify_token, webhook),
            chat=chat,
            beside=pointing,
        )

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
            # The challenge is another each time; the rest is said once.
            told = re.sub(r"\d{4,}", "…", refused.message.removeprefix(url))
            if told != said:
                say(f"onebox: {refused.message}; it is asked again until it does")
                said = told
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


def whatsapp_words(url: str, account: Any, verify_token: str, webhook: str) -> str:
    """Where it is, and how a box and it are pointed at each other."""
    secrets = {"token": account.token, "app_secret": account.app_secret, "verify_token": verify_token}
    named = "\n".join(f"    {name}: whatsapp_{name}" for name in secrets)
    kept = "\n".join(
        f"  printf %s {quote(value)} | onebox secrets set whatsapp_{name}" for name, value in secrets.items()
    )
    return f"""A Graph API on this machine alone:  {url}
chat in the browser:                {url}/

In the box's box.yaml, under accounts:

  whatsapp/main:
    number: "{account.phone_number_id}"
{named}
    api: "{url}"

its secrets:

{kept}

and {_webhook_words(url, verify_token, webhook)}
"""


def _webhook_words(url: str, verify_token: str, webhook: str) -> str:
    if webhook:
        return f"its webhook, which is asked to prove itself until the box runs:  {webhook}"
    port = "" if url.endswith(f":{_PORT_FOR_WHATSAPP}") else f" --port {url.rpartition(':')[2]}"
    command = f"onebox sandbox whatsapp{port} --webhook {_WEBHOOK} --verify-token {quote(verify_token)}"
    return f"its webhook: end this by Ctrl-C, and start it so that what people write is brought there:\n\n  {command}"
