"""Questions that runs ask in chats: durable, in time, and answered once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import Nature, StepKind
from onebox.flows.plan import Catch, Each, Limits, Parallel, Wait
from onebox.flows.run import RunState
from onebox.messaging.asking import topic_of_answers
from onebox.messaging.message import MessageState
from tests.dispatch.boxes import EngineBox
from tests.dispatch.test_engine import a_flow
from tests.flows.machine.plans import Formula, action, constant, step

if TYPE_CHECKING:
    from onebox.flows.plan import Step

ASK = StepKind("ask", Any, Nature.question)  # type: ignore[arg-type] # the engine looks at name and nature alone
CHAT = topic_of_answers("chat/main", "7")
DAY = Formula(lambda scope: scope["day"]["text"])


def ask(label: str = "day", *, to: Any = "7", choices: list[str] | None = None, **more: Any) -> Step:
    arguments = {"via": "chat/main", "to": to, "text": "When?", "choices": choices or ["Fri", "Sat"]}
    return step(label, action(ASK, **arguments), name=label, **more)


async def say(box: EngineBox, text: str = "Fri", *, user: str = "ana", **more: Any) -> str:
    """Somebody writes in the chat; the run that it starts, if it starts one."""
    data = {"kind": "message", "text": text, "pressed": False, "choice": None, "sender": {"user_id": user}, **more}
    return await box.emit("chat.main", data, answers=CHAT)


async def asked(box: EngineBox, count: int = 1) -> None:
    await box.until(lambda: len(box.ledger.tables.waits) == count)


async def test_the_answer_goes_on_with_the_run_and_starts_no_other() -> None:
    async with EngineBox(a_flow(ask(), output=DAY), a_flow(name="other", topic="chat.main")) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        assert await say(box) == ""
        assert (await box.state(run_id, RunState.done)).output == "Fri"
        assert await say(box) != ""


async def test_an_answer_in_time_counts_however_late_the_run_has_its_turn() -> None:
    plan = a_flow(ask(timeout=constant("10m")), output=DAY)
    async with EngineBox(plan) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        kept = box.ledger
    async with EngineBox(plan, ledger=kept) as again:  # not started: its engine is told nothing
        await again.engine.stop(grace=0)
        again.clock.at += timedelta(minutes=2)
        await say(again)
        kept = again.ledger
    late = EngineBox(plan, ledger=kept)
    late.clock.at += timedelta(minutes=20)
    async with late:
        assert (await late.state(run_id, RunState.done)).output == "Fri"


async def test_without_an_answer_in_time_the_step_fails_and_the_chat_is_free() -> None:
    plan = a_flow(ask(timeout=constant("10m"), catch=Catch(value=constant({"text": "none"}))), output=DAY)
    async with EngineBox(plan, a_flow(name="other", topic="chat.main")) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        box.move(minutes=10)
        assert (await box.state(run_id, RunState.done)).output == "none"
        assert await say(box) != ""


async def test_a_cancelled_run_asks_no_more() -> None:
    async with EngineBox(a_flow(ask()), a_flow(name="other", topic="chat.main")) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        await box.engine.cancel(run_id)
        assert await say(box) != ""


async def test_two_questions_of_one_run_are_answered_the_newest_first() -> None:
    both = step("both", Parallel((ask("day"), ask("hour"))))
    async with EngineBox(
        a_flow(both, output=Formula(lambda scope: [scope["day"]["text"], scope["hour"]["text"]]))
    ) as box:
        run_id = await box.emit()
        await asked(box, 2)
        await say(box, "ten")
        await asked(box, 1)
        await say(box, "Friday")
        assert (await box.state(run_id, RunState.done)).output == ["Friday", "ten"]


async def test_questions_in_a_loop_are_asked_one_after_another() -> None:
    rounds = step("days", Each(constant([1, 2]), ask("day")), name="days")
    async with EngineBox(a_flow(rounds, output=Formula(lambda scope: [one["text"] for one in scope["days"]]))) as box:
        run_id = await box.emit()
        for text in ("Fri", "Sat"):
            await asked(box)
            await say(box, text)
            await box.until(lambda: not box.ledger.tables.waits or len(box.ledger.tables.messages) > 1)
        assert (await box.state(run_id, RunState.done)).output == ["Fri", "Sat"]


async def test_in_a_group_only_who_was_asked_answers() -> None:
    person = {"id": "7", "user_id": "ana", "account": "chat/main"}
    async with EngineBox(a_flow(ask(to=person), output=DAY)) as box:
        run_id = await box.emit()
        await box.state(run_id, RunState.waiting)
        await say(box, "lol", user="bob")
        assert box.run(run_id).state is RunState.waiting
        await say(box, "Sat", user="ana")
        assert (await box.state(run_id, RunState.done)).output == "Sat"


async def test_question_and_wait_are_one_unit() -> None:
    async with EngineBox(a_flow(ask())) as box:
        await box.state(await box.emit(), RunState.waiting)
        [message] = box.ledger.tables.messages.values()
        assert message.state is MessageState.queued
        units = [unit for unit in box.ledger.commits if any(type(one).__name__ == "QueueMessage" for one in unit)]
        assert [type(one).__name__ for one in units[0]].count("AwaitEvent") == 1


# --- what a later word supersedes


def slow(topic: str = "chat.main") -> Any:
    """A flow that has one run at a time, and that takes a day."""
    return a_flow(
        step("0", Wait(length=constant("0s"))), name="slow", topic=topic, limits=Limits(concurrency=1, per_sender=1)
    )


async def test_of_what_waits_the_last_word_counts() -> None:
    async with EngineBox(slow()) as box:
        await box.engine.stop(grace=0)  # so that nothing begins
        ids = [await box.emit("chat.main", {"n": n}, sender="7", supersession="ana") for n in range(3)]
        assert [box.run(run_id).state for run_id in ids] == [RunState.cancelled, RunState.cancelled, RunState.ready]
        assert {verdict.partition(":")[0] for verdict in box.ledger.tables.verdicts.values()} == {"coalesced"}


async def test_another_person_s_word_and_a_payment_stay() -> None:
    async with EngineBox(slow()) as box:
        await box.engine.stop(grace=0)
        ids = [
            await box.emit("chat.main", {"n": 1}, sender="7", supersession="ana"),
            await box.emit("chat.main", {"n": 2}, sender="7"),
            await box.emit("chat.main", {"n": 3}, sender="7", supersession="bob"),
        ]
        assert {box.run(run_id).state for run_id in ids} == {RunState.ready}


async def test_what_answers_a_question_supersedes_nothing() -> None:
    async with EngineBox(a_flow(ask()), slow()) as box:
        await box.state(await box.emit(), RunState.waiting)
        waiting = await box.emit("chat.main", {"n": 1}, sender="7", supersession="ana")
        data = {"kind": "message", "text": "Fri", "sender": {"user_id": "ana"}}
        await box.emit("chat.main", data, sender="7", supersession="ana", answers=CHAT)
        await box.until(lambda: box.run(waiting).state in {RunState.done, RunState.waiting})
        assert box.run(waiting).state is not RunState.cancelled
