"""A box whose flows use every shape, every kind of step and every trigger, from the outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from onebox.flows.run import RunState
from tests.e2e.trial import SIGNING

if TYPE_CHECKING:
    from onebox.flows.records import RunDetail
    from tests.e2e.trial import Trial

pytestmark = pytest.mark.soak

done, failed, waiting, cancelled = RunState.done, RunState.failed, RunState.waiting, RunState.cancelled

ORDER = {"who": "Ana", "total": 120, "text": "/order 77", "words": ["a", "b"]}


def journal(detail: RunDetail) -> list[tuple[str, str]]:
    """Path and kind of each entry."""
    return [(line.entry.path, line.entry.kind.value) for line in detail.journal]


def signed(body: dict[str, Any]) -> dict[str, Any]:
    """What aiohttp needs to send it with a signature of Standard Webhooks."""
    text, now = json.dumps(body), datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SIGNING).sign("msg_1", now, text),
    }
    return {"data": text, "headers": headers}


async def test_every_shape_of_a_step_gives_its_result(trial: Trial) -> None:
    status, said, headers = await trial.call("shapes/42?page=3", method="PUT", json=ORDER)

    assert said == {
        "size": {"word": "big", "doubled": 240},
        "left_out": None,
        "branch": "then",
        "said": "order 77",
        "squares": [0, 1, 4, 9, 16],
        "shouts": ["0:A", "1:B"],
        "rounds": 2,
        "counted": [2, 4],
        "both": [1, 2],
        "caught": "too_bad: no /order 77 (11.try.broken~3.1, true)",
        "at_last": "done",
        "late": "timeout",
        "capped": "gave up",
        "greeting": "Dear Ana, a, b!",
        "plain": "${kept} for 42 by PUT, 3",
    }
    assert (status, headers["X-Number"]) == (201, "42")
    run = await trial.latest("shapes", done)
    assert (run.output, run.sender) == ("order 77", "Ana")
    await _check_other_ways(trial)


async def _check_other_ways(trial: Trial) -> None:
    ways = {"?": "help", "hm": "huge", "so": "other"}
    for text, expected in ways.items():
        total = 5000 if text == "hm" else 5
        _, said, _ = await trial.call("shapes/1?page=1", json={**ORDER, "text": text, "total": total})

        assert said["said"] == expected

    assert said["branch"] == "else"


async def test_every_kind_of_step_does_its_work(trial: Trial) -> None:
    trial.shop.statuses = {"/busy/7": [503, 503], "/missing": [404]}

    status, _, _ = await trial.call("kinds", **signed({"number": 7, "name": "Ana", "country": "fr"}))

    assert status == 200
    run = await trial.latest("kinds", done)
    row = {"number": 7, "name": "Ana"}
    assert run.output == {
        "kept": {"rows": [row], "row": row, "count": 1},
        "leads": [row],
        "got": {"method": "GET", "path": "/echo?page=2&tag=a&tag=b"},
        "said": {"method": "POST", "path": "/echo"},
        "busy": 200,
        "missing": 404,
        "sum": 6,
        "endless": "time_limit",
    }
    told = await trial.printed("→ Ana: Thank you, Ana.")
    assert "sesame-open" not in told
    _check_what_the_shop_was_asked(trial, run.id)


def _check_what_the_shop_was_asked(trial: Trial, run_id: str) -> None:
    asked = {one.method: one for one in trial.shop.of("/echo")}

    assert asked["GET"].headers["X-Who"] == "Ana"
    assert json.loads(asked["POST"].body) == {"lead": {"number": 7, "name": "Ana"}}
    assert asked["POST"].headers["Authorization"] == "Bearer sesame-open"
    assert asked["POST"].headers["Idempotency-Key"] == f"{run_id}:said"
    assert asked["PUT"].body == b"name=Ana"
    assert asked["PUT"].headers["Authorization"].startswith("Basic ")
    assert b'filename="list.csv"' in asked["PATCH"].body
    assert asked["DELETE"].headers["X-Key"] == "sesame-open"


async def test_a_duplicate_starts_nothing_and_a_wrong_signature_is_refused(trial: Trial) -> None:
    event = {"number": 7, "name": "Ana", "country": "fr"}
    _, first, _ = await trial.call("kinds", **signed(event))
    _, again, _ = await trial.call("kinds", **signed(event))
    await trial.latest("kinds", done)
    forged = signed(event) | {"data": json.dumps({**event, "number": 8})}

    refused, why, _ = await trial.call("kinds", **forged)

    assert again == first
    assert (refused, why["error"]) == (401, "not_authorised")
    assert len(await trial.box.records.list_runs(flow="kinds")) == 1


async def test_a_message_for_a_webhook_is_signed_and_sent_once_for_its_key(trial: Trial) -> None:
    for number in (7, 8):
        await trial.call("kinds", **signed({"number": number, "name": "Ana", "country": "fr"}))
        await trial.printed("→ Ana: Thank you, Ana.")
        await trial.latest("kinds", done)

    [posted] = await trial.received()

    assert Webhook(SIGNING).verify(posted.body, dict(posted.headers))["content"] == {
        "text": "lead 7",
        "priority": "high",
    }


async def test_an_event_of_the_box_starts_flows_and_they_start_others(trial: Trial) -> None:
    await trial.call("kinds", **signed({"number": 7, "name": "Ana", "country": "de"}))
    await trial.call("kinds", **signed({"number": 8, "name": "Bilal", "country": "fr"}))

    greeted = await trial.latest("greet-germans", done)

    assert greeted.output == 70
    assert len(await trial.box.records.list_runs(flow="greet-germans")) == 1
    await trial.reached((await trial.latest("child", done)).id, done)


async def test_a_run_waits_for_an_event_or_until_its_patience_ends(trial: Trial) -> None:
    patient = await trial.emit("patient", name="Bo", number=5, patience="1h")
    hasty = await trial.emit("patient", name="Di", number=6, patience="50ms")
    detail = await trial.reached(patient, waiting)
    assert [(wait.topic, wait.match) for wait in detail.waits] == [("order.paid", {"number": 5})]

    for number in (4, 5):
        taken = await trial.call(
            "pay", json={"number": number, "sum": 99}, headers={"Authorization": "Bearer sesame-open"}
        )
        assert taken[:2] == (202, {"taken": True})

    assert journal(await trial.reached(patient, done)) == [("1", "result"), ("paid", "event"), ("3", "result")]
    await trial.reached(hasty, done)
    await trial.printed("→ Bo: thank you for 99")
    await trial.printed("→ Di: still unpaid")


async def test_a_clock_ticks(trial: Trial) -> None:
    run = await trial.latest("tick", done)

    event = await trial.box.records.event(run.event_id)
    assert event is not None
    assert event.data["missed"] is False


async def test_a_failed_run_goes_on_from_the_step_that_failed(trial: Trial) -> None:
    trial.shop.statuses = {"/fragile/3": [500, 500]}
    run_id = await trial.emit("fragile", number=3)
    await trial.reached(run_id, failed)
    await trial.printed("→ desk: 3: status_500 at stock")
    await trial.printed("→ watch: fragile: status_500")

    await trial.ask("retry", run_id)
    await trial.told_twice("→ desk: 3: status_500 at stock")
    await trial.reached(run_id, failed)
    await trial.ask("retry", run_id)

    detail = await trial.reached(run_id, done)
    assert detail.run.output == "/fragile/3"
    assert [path for path, kind in journal(detail) if kind == "result"].count("2") == 1
    keys = {one.headers.get("Idempotency-Key") for one in trial.shop.of("/fragile/3")}
    assert keys == {f"{run_id}:stock"}


async def test_a_run_is_replayed_on_its_event(trial: Trial) -> None:
    first = await trial.emit("fragile", number=3)
    await trial.reached(first, done)

    second = (await trial.ask("replay", first))["run"]

    assert (await trial.reached(second, done)).event.data == {"number": 3}
    assert second != first


async def test_another_flow_is_told_of_a_failure(trial: Trial) -> None:
    run_id = await trial.emit("guarded", number=3)

    await trial.printed("→ desk: guarded 3: no luck with 3")
    assert (await trial.reached(run_id, failed)).run.error == {
        "code": "no_luck",
        "message": "no luck with 3",
        "passing": False,
        "step": "1",
    }


async def test_a_run_that_waits_is_cancelled_and_taken_up_again(trial: Trial) -> None:
    run_id = await trial.emit("patient", name="Cy", number=9, patience="1h")
    await trial.reached(run_id, waiting)

    await trial.ask("cancel", run_id)
    detail = await trial.reached(run_id, cancelled)
    assert (detail.timers, detail.waits) == ([], [])
    await trial.ask("retry", run_id)

    assert len((await trial.reached(run_id, waiting)).waits) == 1
