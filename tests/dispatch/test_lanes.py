"""Fair shares, limits and the window."""

from __future__ import annotations

from onebox.dispatch.lanes import WINDOW, Lanes, Turn
from onebox.flows.run import Run
from onebox.messaging.event import Event
from tests.dispatch.boxes import START


def turn(run_id: str, flow: str = "f", sender: str | None = None) -> Turn:
    return Turn(Run(run_id, "e", flow, "v", START, sender))


def lanes(capacity: int = 100, **concurrency: int) -> Lanes:
    made = Lanes(capacity=capacity)
    for flow, width in concurrency.items():
        made.set_limits(flow, concurrency=width, per_sender=None)
    return made


def taken(of: Lanes, most: int = 1000) -> list[str]:
    found: list[str] = []
    while len(found) < most and (got := of.take()) is not None:
        found.append(got.run.id)
    return found


def test_flows_take_turns() -> None:
    made = lanes(a=10, b=10)
    for number in range(3):
        made.offer(turn(f"a{number}", "a"))
    made.offer(turn("b0", "b"))
    assert taken(made) == ["a0", "b0", "a1", "a2"]


def test_a_flow_keeps_to_its_concurrency() -> None:
    made = lanes(f=2)
    for number in range(4):
        made.offer(turn(f"{number}"))
    assert taken(made) == ["0", "1"]
    made.leave(turn("0").run)
    assert taken(made) == ["2"]


def test_the_box_keeps_to_its_capacity() -> None:
    made = lanes(capacity=1, a=5, b=5)
    made.offer(turn("a0", "a"))
    made.offer(turn("b0", "b"))
    assert taken(made) == ["a0"]
    made.leave(turn("a0", "a").run)
    assert taken(made) == ["b0"]


def test_a_sender_goes_one_at_a_time_and_others_pass() -> None:
    made = lanes()
    made.set_limits("f", concurrency=10, per_sender=1)
    for run_id, sender in (("1", "ana"), ("2", "ana"), ("3", "ben")):
        made.offer(turn(run_id, sender=sender))
    assert taken(made) == ["1", "3"]
    made.leave(turn("1", sender="ana").run)
    assert taken(made) == ["2"]


def test_what_does_not_fit_the_window_is_left_to_the_database() -> None:
    made = lanes(f=1)
    for number in range(WINDOW + 5):
        made.offer(turn(f"{number:06}"))
    lane = made.lane("f")
    assert (len(lane.queue), lane.more_in_storage, made.backlog) == (WINDOW, True, WINDOW + 5)


def test_new_runs_do_not_overtake_those_in_the_database() -> None:
    made = lanes(f=1)
    made.expect("f", 3)
    made.offer(turn("new"))
    assert taken(made) == []
    assert made.backlog == 4


def test_a_refill_takes_only_what_is_not_known() -> None:
    made = lanes(f=1)
    made.offer(turn("1"))
    assert taken(made) == ["1"]
    lane = made.lane("f")
    made.expect("f", 1)
    assert made.wanting_refill() == [lane]
    lane.begin_refill()
    made.refill(lane, [turn("1"), turn("2")], complete=True)
    assert [waiting.run.id for waiting in lane.queue] == ["2"]
    assert (made.backlog, lane.more_in_storage) == (2, False)


def test_what_comes_during_a_refill_asks_for_another() -> None:
    made = lanes(f=1)
    made.expect("f", WINDOW)
    lane = made.lane("f")
    lane.begin_refill()
    made.offer(turn("late"))
    made.refill(lane, [turn("early")], complete=True)
    assert [waiting.run.id for waiting in lane.queue] == ["early"]
    assert lane.more_in_storage


def test_a_run_committed_late_with_a_low_id_is_found_by_a_read_from_the_start() -> None:
    made = lanes(f=9)
    made.offer(turn("5"))
    assert taken(made) == ["5"]
    made.expect("f", 2)
    lane = made.lane("f")
    assert lane.begin_refill() == "5"
    made.refill(lane, [turn("6")], complete=True, from_start=False)
    assert (made.wanting_refill(), lane.begin_refill()) == ([lane], "")
    made.refill(lane, [turn("4"), turn("5"), turn("6")], complete=True)
    assert taken(made) == ["6", "4"]
    assert made.backlog == 3


def test_a_woken_run_need_not_wait_behind_the_backlog() -> None:
    made = lanes(f=9)
    made.offer(turn("5"))
    made.expect("f", 2)
    made.offer(turn("2"))
    made.offer(turn("7"))
    assert taken(made) == ["5", "2"]


def test_the_same_run_is_queued_once() -> None:
    made = lanes(f=5)
    made.offer(turn("1"))
    made.offer(turn("1"))
    assert taken(made) == ["1"]


def test_a_run_that_ended_while_it_was_read_is_not_taken_again() -> None:
    made = lanes(f=5)
    made.offer(turn("1"))
    assert taken(made) == ["1"]
    made.expect("f", 1)
    lane = made.lane("f")
    lane.begin_refill()
    made.leave(turn("1").run)
    made.refill(lane, [turn("1"), turn("2")], complete=True)
    assert taken(made) == ["2"]


def test_a_flood_of_one_sender_keeps_no_more_than_a_few_events_in_memory() -> None:
    made = lanes()
    made.set_limits("f", concurrency=10, per_sender=1)
    for number in range(500):
        flooding = turn(f"{number:03}", sender="ana")
        flooding.event = Event("e", "s", "t", START, {}, "{}")
        made.offer(flooding)
    assert taken(made) == ["000"]
    held = made.lane("f").held["ana"]
    assert (len(held), sum(turn.event is not None for turn in held)) == (499, 20)


def test_a_queued_run_that_was_changed_is_read_again() -> None:
    made = lanes(f=1)
    queued = Turn(turn("1").run, Event("e", "s", "t", START, {}, "{}"))
    made.offer(queued)
    made.read_again("1")
    assert queued.event is None
