"""What people and programs are shown."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console

from onebox.cli.demo_view import LiveView, PlainView
from onebox.cli.output import failure, jsonable, local, one_line, show_table
from onebox.cli.story import as_tree, tell
from onebox.flows.records import JournalLine, PendingTimer, PendingWait, RunDetail, SentMessage
from onebox.flows.run import Entry, EntryKind, Run, RunState
from onebox.messaging.event import Event
from onebox.messaging.message import Message, MessageState

if TYPE_CHECKING:
    import pytest
    from syrupy.assertion import SnapshotAssertion

NOON = datetime(2026, 3, 29, 12, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 29, 12, 0, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ERROR = {"code": "timeout", "message": "shop.example did not answer", "step": "2", "passing": True}


def detail() -> RunDetail:
    run = Run("run1", "event1", "orders", "v1", NOON, state=RunState.failed, ended_at=LATER, error=ERROR, sender="Ana")
    event = Event("event1", "webhook:orders", "webhook.orders", NOON, {"body": {"number": 7}}, "{}", key="order-7")
    message = Message("message1", "terminal/main", "Ana", {"text": "Hello\n"}, NOON, "run1", "1")
    message.state, message.attempts, message.error = MessageState.failed, 3, "gone"
    return RunDetail(
        run=run,
        event=event,
        journal=[
            JournalLine(1, "http.get", Entry("2", EntryKind.failure, ERROR, NOON)),
            JournalLine(
                2, "http.get", Entry("2", EntryKind.result, {"status": 200, "body": b"\xff"}, LATER, attempt=2)
            ),
        ],
        timers=[PendingTimer("3", LATER)],
        waits=[PendingWait("4", "order.paid", {"number": 7})],
        messages=[SentMessage(message, LATER)],
        children=[Run("run2", "event2", "bill", "v2", NOON, parent_run_id="run1", parent_path="5")],
    )


def test_a_run_is_told_as_a_story(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    tell(detail(), BERLIN, lambda text: text.replace("shop.example", "***"))

    assert capsys.readouterr().out == snapshot


def test_a_run_is_whole_as_json(snapshot: SnapshotAssertion) -> None:
    assert jsonable(as_tree(detail())) == snapshot


def test_a_strangers_text_cannot_write_over_the_screen() -> None:
    assert one_line("a\x1b[2J\nb\r") == "a [2J b "
    assert one_line("x" * 300) == "x" * 199 + "…"


def test_columns_are_aligned_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["run", "flow"], [["1", "orders\n"], ["22", "x"]])

    assert capsys.readouterr().out == "run  flow\n1    orders\n22   x\n"


def test_instants_are_on_the_boxes_clock() -> None:
    assert local(NOON, BERLIN) == "2026-03-29 14:00:00"
    assert local(None, BERLIN) == ""


def test_a_failure_is_one_line() -> None:
    assert failure(ERROR) == "timeout: shop.example did not answer (step 2)"
    assert failure(None) == ""


def drawn(view: LiveView) -> str:
    console = Console(file=io.StringIO(), width=60)
    console.print(view._drawn())
    shown: Any = console.file
    return str(shown.getvalue())


def test_the_live_view_counts_and_shows_the_last(snapshot: SnapshotAssertion) -> None:
    view = LiveView()
    try:
        view.phase("a quiet morning")
        for number in range(8):
            view.came_in(f"order {number}: [bold]Ana[/]", 400 if number == 7 else 200, 0.0123)
        view.went_out("→ Ana: Order 1: " + "a long text " * 9)
        view.ran({"done": 1, "failed": 0, "ready": 2})

        assert drawn(view) == snapshot
    finally:
        view.close()


def test_the_plain_view_tells_a_burst_in_fifties(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlainView()
    view.came_in("order 1", 200, 0.001)
    view.phase("200 at once")
    for number in range(100):
        view.came_in(f"order {number}", 200, 0.001)
        view.went_out(f"→ Ana: Order {number}")
    view.close()
    view.went_out("→ Ana: Order 7")

    assert capsys.readouterr().out.splitlines() == [
        "in   200 in 1 ms  order 1",
        "",
        "# 200 at once",
        "in   50 orders",
        "out  50 messages",
        "in   100 orders",
        "out  100 messages",
        "out  → Ana: Order 7",
    ]


def test_a_story_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    story = detail()
    story.event.key = "\x1b[2Jkey"
    tell(story, BERLIN, lambda text: text)
    assert "key  [2Jkey" in capsys.readouterr().out
