"""Nothing that is sent to a sandbox makes it fail: every answer is one of its protocol's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onebox.sandbox.telegram.markup.reading import formatted
from onebox.sandbox.telegram.methods.table import METHODS
from onebox.sandbox.telegram.refusals import Refused
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "chat_id", "text", "parse_mode", "entities", "reply_markup", "reply_parameters", "offset", "limit", "allowed_updates",
    "message_id", "photo", "media", "url", "secret_token", "prices", "commands", "latitude", "reaction", "caption", "user_id",
]  # fmt: skip
arguments = st.dictionaries(st.sampled_from(NAMES), st.just(7) | values, max_size=6)
markup = st.text(alphabet="<>/b=\"' a&;#x1_*`[]()~|>!\\\n😀é", max_size=40)
KINDS = [
    "text",
    "interactive",
    "template",
    "image",
    "location",
    "contacts",
    "reaction",
    "context",
    "status",
    "message_id",
    "recipient",
]
bodies = st.dictionaries(st.sampled_from(KINDS), values, max_size=5)
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(markup, st.sampled_from(["HTML", "MarkdownV2", "Markdown", ""]))
def test_any_text_is_read_or_refused(text: str, mode: str) -> None:
    try:
        shown, entities = formatted(text, mode, None)
    except Refused as refused:
        fault = refused.description
        shown, entities = "", []
    else:
        fault = "Bad Request: can't parse entities: "
    length = len(shown.encode("utf-16-le")) // 2

    assert fault.startswith("Bad Request: can't parse entities: ")
    assert all(0 <= one["offset"] < one["offset"] + one["length"] <= length for one in entities)


@quick
@given(st.lists(st.tuples(st.sampled_from(sorted(METHODS)), arguments), max_size=6))
def test_any_call_of_the_bot_api_is_answered_in_its_shape(calls: list[tuple[str, dict[str, Any]]]) -> None:
    async def check() -> None:
        async with TelegramSandbox(latency=0) as telegram, aiohttp.ClientSession() as session:
            telegram.person(7, started=True)
            for method, given in calls:
                body = json.dumps({**given, "timeout": 0}).encode()
                where = f"{telegram.url}/bot{telegram.token}/{method}"
                async with session.post(where, data=body, headers={"Content-Type": "application/json"}) as answer:
                    told = await answer.json()
                assert told["ok"] is (answer.status == 200)
                assert answer.status == told.get("error_code", 200) < 500

    asyncio.run(check())


@quick
@given(
    st.binary(max_size=60),
    st.sampled_from(
        [
            "application/json",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "text/plain; charset=none",
            "a",
        ]
    ),
)
def test_any_body_is_answered(body: bytes, kind: str) -> None:
    async def check() -> None:
        async with (
            TelegramSandbox(latency=0) as telegram,
            WhatsAppSandbox(latency=0) as whatsapp,
            aiohttp.ClientSession() as session,
        ):
            number, token = whatsapp.account.phone_number_id, whatsapp.account.token
            for where in (
                f"{telegram.url}/bot{telegram.token}/sendMessage", f"{telegram.url}/sandbox/write",
                f"{whatsapp.url}/{number}/messages", f"{whatsapp.url}/{number}/media",
            ):  # fmt: skip
                headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
                async with session.post(where, data=body, headers=headers) as answer:
                    assert answer.status < 500
                    assert isinstance(await answer.json(), dict)

    asyncio.run(check())


@quick
@given(bodies, st.sampled_from(["text", "interactive", "template", "image", "location", "contacts", "reaction"]))
def test_any_message_to_whatsapp_is_answered_in_its_shape(body: dict[str, Any], kind: str) -> None:
    async def check() -> None:
        async with WhatsAppSandbox(latency=0) as whatsapp, aiohttp.ClientSession() as session:
            whatsapp.person("Ana", has_written=True)
            whole = {"messaging_product": "whatsapp", "to": "15550001001", "type": kind, **body}
            where = f"{whatsapp.url}/v23.0/{whatsapp.account.phone_number_id}/messages"
            headers = {"Authorization": f"Bearer {whatsapp.account.token}", "Content-Type": "application/json"}
            async with session.post(where, data=json.dumps(whole).encode(), headers=headers) as answer:
                told = await answer.json()
            assert answer.status < 500
            assert "error" in told or "messages" in told or told == {"success": True}

    asyncio.run(check())
