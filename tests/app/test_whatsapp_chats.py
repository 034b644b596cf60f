"""WhatsApp with a real reception and a real database: calls in, statuses, and the window that they open."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.app.test_reception import NOON, Lobby, lobby
from tests.support.whatsapp import (
    ANA,
    ANA_ID,
    APP_SECRET,
    NUMBER,
    TOKEN,
    VERIFY_TOKEN,
    FakeWhatsapp,
    body,
    call,
    message,
    status,
    value,
)

from onebox.app.chats import last_heard_in
from onebox.channels.whatsapp.api import GraphApi
from onebox.channels.whatsapp.channel import WhatsappChannel
from onebox.channels.whatsapp.endpoint import WhatsappEndpoint
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.message import MarkSent, Message, QueueMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ACCOUNT = "whatsapp/main"
HI = {"text": "hi"}


@asynccontextmanager
async def number(tmp_path: Path) -> AsyncIterator[tuple[Lobby, WhatsappEndpoint, WhatsappChannel, FakeWhatsapp]]:
    async with lobby(tmp_path) as there, FakeWhatsapp() as meta:
        endpoint = WhatsappEndpoint(
            account=ACCOUNT,
            numbers={NUMBER: ACCOUNT},
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            reception=there.reception,
            clock=there.clock,
        )
        heard = partial(last_heard_in(there.storage), ACCOUNT)
        api = GraphApi(meta.api, NUMBER, TOKEN)
        channel = WhatsappChannel(account=ACCOUNT, api=api, files=tmp_path, clock=there.clock, last_heard=heard)
        try:
            yield there, endpoint, channel, meta
        finally:
            await channel.close()


def written(id: str = "wamid.in.1", *, ago: timedelta = timedelta(), **more: Any) -> dict[str, Any]:
    return {**message(id=id, **more), "timestamp": str(int((NOON - ago).timestamp()))}


async def test_what_comes_again_starts_a_flow_once(tmp_path: Path) -> None:
    async with number(tmp_path) as (there, endpoint, _, _):
        content = body(value(messages=[written("wamid.a"), "junk", written("wamid.b")]))
        for _again in range(2):
            assert (await endpoint(call(content))).status == 200

        assert [event.data["kind"] for event in there.flows.started] == ["message", "unusable", "message"]
        assert there.flows.started[0].data["conversation"]["phone"] == f"+{ANA}"


async def test_whoever_wrote_may_be_answered_for_a_day(tmp_path: Path) -> None:
    async with number(tmp_path) as (there, endpoint, channel, meta):
        out = Message("m1", ACCOUNT, ANA, HI, NOON)
        with pytest.raises(DeliveryFailed) as failed:
            await channel.deliver(out)
        assert failed.value.kind == "closed"

        await endpoint(call(body(value(messages=[written()]))))
        assert (await channel.deliver(out))["message_id"] == "wamid.1"
        await channel.deliver(Message("m2", ACCOUNT, f"typing:{ANA}", {"action": "typing", "chat": ANA}, NOON))
        assert meta.sent[-1]["message_id"] == "wamid.in.1"

        there.clock.at = NOON + timedelta(hours=24)
        with pytest.raises(DeliveryFailed) as failed:
            await channel.deliver(out)
        assert failed.value.kind == "closed"


async def test_what_meta_brings_late_opens_no_window(tmp_path: Path) -> None:
    """It offers a call for a week; the day begins when the person wrote."""
    async with number(tmp_path) as (_, endpoint, channel, _):
        await endpoint(call(body(value(messages=[written(ago=timedelta(hours=25))]))))
        changed = {"body": "changed", "type": "user_changed_number"}
        system = {**message("system", changed, id="wamid.s"), "timestamp": str(int(NOON.timestamp()))}
        await endpoint(call(body(value(messages=[system]))))

        with pytest.raises(DeliveryFailed) as failed:
            await channel.deliver(Message("m1", ACCOUNT, ANA, HI, NOON))
        assert failed.value.kind == "closed"


async def test_a_person_without_a_number_is_answered_at_the_user_id(tmp_path: Path) -> None:
    async with number(tmp_path) as (there, endpoint, channel, meta):
        hidden = {key: part for key, part in written().items() if key != "from"}
        await endpoint(call(body(value(messages=[hidden], contacts=[{"user_id": ANA_ID}]))))
        [event] = there.flows.started
        await channel.deliver(Message("m1", ACCOUNT, event.data["sender"]["id"], HI, NOON))

        assert (meta.sent[0]["recipient"], event.data["sender"]["phone"]) == (ANA_ID, None)


async def test_statuses_find_the_message_that_they_are_of(tmp_path: Path) -> None:
    async with number(tmp_path) as (there, endpoint, _, _):
        sent = MarkSent("m1", NOON, {"message_id": "wamid.1"})
        await there.storage.ledger.commit([QueueMessage(Message("m1", ACCOUNT, ANA, HI, NOON)), sent])
        await endpoint(call(body(value(statuses=[status("delivered"), status("sent"), status("read", "wamid.other")]))))
        assert there.failed == []

        await endpoint(call(body(value(statuses=[status("failed", errors=[{"code": 131026, "title": "Gone"}])]))))
        assert there.failed == ["wamid.1"]
        known = await there.storage.reader.message("m1")
        assert known is not None
        assert "131026" in (known.error or "")
