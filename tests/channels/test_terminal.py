from __future__ import annotations

import io

import pytest
from tests.channels.messages import message

from onebox.channels.terminal.channel import TerminalChannel, line_for
from onebox.messaging.channel import DeliveryFailed


async def test_a_message_is_printed_and_kept() -> None:
    stream = io.StringIO()
    channel = TerminalChannel(stream)
    await channel.deliver(message(text="Hi"))
    await channel.close()
    assert stream.getvalue() == "→ ana: Hi\n"
    assert [kept.id for kept in channel.kept] == ["m1"]


async def test_only_the_last_are_kept() -> None:
    channel = TerminalChannel(io.StringIO(), keep=2)
    for text in ("a", "b", "c"):
        await channel.deliver(message(text=text))
    assert [kept.content["text"] for kept in channel.kept] == ["b", "c"]


def test_further_lines_are_indented() -> None:
    assert line_for(message(text="Hi\nAna")) == "→ ana: Hi\n    Ana\n"


def test_what_has_no_text_is_shown_as_json() -> None:
    assert line_for(message(photo="cat.png")) == '→ ana: {"photo":"cat.png"}\n'


def test_a_stranger_cannot_move_the_cursor() -> None:
    printed = line_for(message(recipient="a\x1b[2J\nb", text="\x1b]0;owned\x07 \r\x9b"))
    assert printed == "→ a\\x1b[2J b: \\x1b]0;owned\\x07 \\x0d\\x9b\n"


async def test_a_closed_stream_is_a_passing_failure() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryFailed) as failed:
        await TerminalChannel(stream).deliver(message())
    assert not failed.value.permanent
