"""What a case asks of a flow, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.flows.testing.judging import Verdict
from tests.flows.testing.boxes import HEAD, flow_of, outcomes, told

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

GET = "  - {id: got, do: http.get, with: {url: 'https://a.example'}}\n"
OUTPUT = "output: ${got}\n"


@pytest.mark.parametrize(
    ("flow", "case"),
    [
        # --- answers
        (GET + OUTPUT, "{steps: {got: 7}, expect: {output: 7}}"),
        (GET + OUTPUT, "{steps: {got: {result: {fails: x}}}, expect: {output: {fails: x}}}"),
        (GET + OUTPUT, "{steps: {got: [1, 2]}, expect: {output: [1, 2]}}"),
        (GET + OUTPUT, "{steps: {got: {$bytes: aGk=}}, expect: {output: {$bytes: aGk=}}}"),
        (GET + OUTPUT, "{steps: {got: {$instant: 2026-01-15T13:00:00+01:00}}, expect: {output: 2026-01-15T12:00:00Z}}"),
        (GET + OUTPUT, "{steps: {got: {$$instant: x}}, expect: {output: {$$instant: x}}}"),
        (GET, "{steps: {got: {fails: it is down}}, expect: {error: {code: failed, message: it is down, step: got}}}"),
        (GET, "{steps: {got: {fails: {code: c}}}, expect: {state: failed}}"),
        # --- time
        (
            "  - {wait: 3d}\n  - {id: at, do: set, with: {now: '${now}'}}\noutput: ${at.now}\n",
            "{now: 2026-01-01T00:00:00Z, expect: {output: 2026-01-04T00:00:00Z, steps: [1]}}",
        ),
        (
            (
                "  - {id: paid, wait_for: {event: paid, match: {id: 1}, timeout: 2d}, catch: {value: late}}\n"
                "output: '${paid} ${now}'\n"
            ),
            "{steps: {paid: {times_out: true}}, expect: {output: 'late 2026-01-17T12:00:00+00:00'}}",
        ),
        (
            "  - {id: paid, wait_for: {event: paid, match: {id: 1}}}\noutput: ${paid.sum}\n",
            "{steps: {paid: {id: 1, sum: 20}}, expect: {output: 20, calls: {paid: {event: paid}}}}",
        ),
        (
            GET.replace("}}", "}, timeout: 5s, catch: {value: '${error.code}'}}") + OUTPUT,
            "{steps: {got: {times_out: true}}, expect: {output: timeout}}",
        ),
        (
            (
                "  - steps: [{id: got, do: http.get, with: {url: 'https://a.example'}}, {wait: 9d}]\n"
                "    timeout: 5s\n    catch: {value: '${now}'}\n"
            ),
            "{steps: {got: {times_out: true}}, expect: {steps: [got]}}",
        ),
        # --- loops
        (
            (
                "  - id: all\n    each: [a, b]\n    parallel: 2\n    do: http.get\n    with: {url: 'https://a/${each}'}\n"
                "output: ${all}\n"
            ),
            "{steps: {all: [1, [2]]}, expect: {output: [1, [2]], calls: {all: [{url: 'https://a/a'}, {url: {matches: /b$}}]}, steps: [all, 'all[1]']}}",
        ),
        (
            (
                "  - id: all\n    each: [a, b]\n    steps: [{id: got, do: http.get, with: {url: 'https://a/${each}'}}]\n"
                "output: ${all}\n"
            ),
            "{steps: {got: 1, 'all[1].got': 2}, expect: {output: [1, 2]}}",
        ),
        (
            (
                "  - repeat: {until: '${got.ready}', most: 5, pause: 1m}\n"
                "    steps: [{id: got, do: run, with: {flow: child}}]\noutput: ${now}\n"
            ),
            "{steps: {got: [{ready: false}, {ready: true}]}, expect: {output: 2026-01-15T12:01:00Z}}",
        ),
        # --- other flows
        (
            "  - {id: sum, do: run, with: {flow: child, data: {n: 1}}}\noutput: ${sum}\n",
            "{steps: {sum: 5}, expect: {output: 5, calls: {sum: {flow: child, data: {n: 1}}}}}",
        ),
        (
            "  - {id: sum, do: run, with: {flow: child, wait: false}}\noutput: ${sum.run_id}\n",
            "{expect: {output: test-run-sum}}",
        ),
        ("  - {id: sum, do: run, with: {flow: child}}\n", "{steps: {sum: {fails: {code: c}}}, expect: {error: c}}"),
        # --- once
        (
            "  - each: [a, b, a]\n    do: send\n    once: ${each}\n    with: {via: slack/team, to: x, text: '${each}'}\n",
            "{expect: {sends: [{text: a}, {text: b}]}}",
        ),
        (
            "  - each: [1, 2]\n    do: http.get\n    once: a\n    with: {url: 'https://a'}\n    catch: {value: null}\n",
            "{steps: {'1[0]': {fails: x}, '1[1]': 1}, expect: {steps: ['1[0]', '1[1]']}}",
        ),
        # --- what is written
        (
            "  - {do: respond, with: {status: 201, json: {id: 7}}}\n  - {do: respond, with: {body: hi}}\n",
            "{expect: {responds: [{status: 201, body: {id: 7}}, {body: hi, headers: {Content-Type: {matches: ^text/}}}]}}",
        ),
        (
            "  - {do: emit, with: {event: order.paid, data: {id: 7}, key: k}}\n",
            "{expect: {emits: [{event: order.paid, data: {id: 7}, key: k}]}}",
        ),
        (
            "  - {do: log, with: {text: hello, level: warning, data: {a: 1}}}\n  - {do: log, with: {text: bye}}\n",
            "{expect: {logs: [{text: hello, level: warning, data: {a: 1}}, {text: bye, level: info}]}}",
        ),
        (
            "  - {do: send, with: {to: {id: 5, account: slack/team}, text: hi}}\n",
            "{expect: {sends: [{via: slack/team, to: {id: 5}}]}}",
        ),
        ("  - {do: send, with: {to: '${event.body}', text: hi}}\n", "{expect: {error: unknown_account}}"),
        # --- events, variables, secrets
        ("  - {do: stop, with: {output: '${event.method}'}}\n", "{expect: {output: POST}}"),
        ("  - {do: stop, with: {output: '${event}'}}\n", "{event: {manual: {a: 1}}, expect: {output: {a: 1}}}"),
        ("  - {do: stop, with: {output: '${vars.report_to}'}}\n", "{vars: {report_to: b}, expect: {output: b}}"),
        ("  - {do: stop, with: {output: '${secret.crm_token}'}}\n", "{expect: {output: 'secret:crm_token'}}"),
        ("  - {do: stop, with: {output: '${secret.crm_token}'}}\n", "{secrets: {crm_token: x}, expect: {output: x}}"),
        ("  - {do: stop, with: {output: {}}}\n", "{expect: {output: {}}}"),
        ("  - {do: stop}\n", "{expect: {output: null}}"),
        ("  - {do: stop}\n", "{event: {webhook: {method: GET}}, expect: {refused: not among its methods}}"),
    ],
)
def test_a_case_passes(flow: str, case: str) -> None:
    assert told(flow_of(flow), f"- {{name: a case, {case[1:]}\n") == ""


@pytest.mark.parametrize(
    ("flow", "case"),
    [
        ("  - {do: stop, with: {output: 1}}\n", "{expect: {output: true}}"),
        ("  - {do: stop, with: {output: {a: 1}}}\n", "{expect: {output: {}}}"),
        ("  - {do: stop, with: {output: [1, 2]}}\n", "{expect: {output: [1]}}"),
        ("  - {do: stop, with: {output: abc}}\n", "{expect: {output: {matches: ^b}}}"),
        ("  - {do: stop}\n", "{event: {webhook: {method: GET}}, expect: {refused: too long}}"),
        ("  - {do: send, with: {via: slack/team, to: a, text: b}}\n", "{expect: {sends: []}}"),
        ("  - {do: fail, with: {message: x, code: y}}\n", "{expect: {error: z}}"),
        (GET, "{steps: {got: 1}, expect: {steps: [got, got], calls: {got: {url: b}}}}"),
    ],
)
def test_a_case_differs(flow: str, case: str) -> None:
    assert [one.verdict for one in outcomes(flow_of(flow), f"- {{name: a case, {case[1:]}\n")] == [Verdict.differs]


TOLD = {
    "a difference": (
        '  - {do: send, with: {via: email/office, to: ana@example.org, text: "Hello, Ana\\nGoodbye"}}\n',
        '{expect: {sends: [{via: email/office, text: "Hello, Bilal\\nGoodbye"}, {via: slack/team}]}}',
    ),
    "several fields": (
        "  - {do: emit, with: {event: a, data: {at: '${now}', n: [1, 2]}}}\n  - {do: stop, with: {output: 7}}\n",
        "{expect: {emits: [{event: b, data: {at: 2026-01-16T12:00:00Z}}], output: {a: 1}}}",
    ),
    "an answer that is missing": (GET, "{}"),
    "two answers that are missing at once": (
        "  - parallel:\n      - {do: sql, with: {run: select 1}}\n      - {id: got, do: http.get, with: {url: a}}\n",
        "{}",
    ),
    "an answer of a round that is missing": (
        "  - id: all\n    each: [a, b]\n    do: sql\n    with: {run: select 1}\n",
        "{steps: {all: [1]}}",
    ),
    "an answer of an attempt that is missing": (
        GET.replace("}}", "}, retry: {times: 3}}"),
        "{steps: {got: {attempts: [{fails: {code: c, passing: true}}]}}}",
    ),
    "an answer of a flow that is missing": ("  - {do: run, with: {flow: child, data: {n: 1}}}\n", "{}"),
    "an event that is missing": ("  - {id: paid, wait_for: {event: paid, match: {id: 1}}}\n", "{}"),
    "an event that is another": (
        "  - {id: paid, wait_for: {event: paid, match: {id: 1}}}\n",
        "{steps: {paid: {id: 2}}}",
    ),
    "a wait without an end": (
        "  - {id: paid, wait_for: {event: paid, match: {id: 1}}}\n",
        "{steps: {paid: {times_out: true}}}",
    ),
    "a loop without an end": (
        (
            "  - repeat: {until: '${false}', most: 100000}\n"
            "    steps: [{repeat: {times: 100}, steps: [{do: set, with: {a: 1}}]}]\n"
        ),
        "{}",
    ),
    "a failure that is not expected": ("  - {do: fail, with: {message: it is late, code: late}}\n", "{}"),
    "a failure that does not come": ("  - {do: stop}\n", "{expect: {error: late}}"),
    "an event that is refused": ("  - {do: stop}\n", "{event: {webhook: {bdy: 1}}}"),
    "an event that is not refused": ("  - {do: stop}\n", "{expect: {refused: true}}"),
    "a list that is too long": (
        "  - {each: '${event.body}', do: set, with: {}}\nlimits: {items: 2}\n",
        "{event: {webhook: {body: [1, 2, 3]}}}",
    ),
}


@pytest.mark.parametrize("what", TOLD)
def test_what_is_wrong_is_told(what: str, snapshot: SnapshotAssertion) -> None:
    flow, case = TOLD[what]

    assert told(flow_of(flow), f"- {{name: a case, {case[1:]}\n") == snapshot


def test_an_event_that_the_flow_does_not_wait_for_is_refused() -> None:
    flow = flow_of("  - {do: stop}\n", "on: {event: {topic: paid, where: {country: de}}}\n")

    assert told(flow, "- {name: fr, event: {event: {country: fr}}, expect: {refused: country}}\n") == ""
    assert told(flow, "- {name: de, event: {event: {country: de}}}\n") == ""


def test_the_first_trigger_that_takes_an_event_has_it() -> None:
    head = "on: {webhook: [{path: one}, {path: 'two/{year}', methods: [PUT]}]}\n"
    flow = flow_of("  - {do: stop, with: {output: '${event.path}'}}\n", head)

    text = "- {name: a, event: {webhook: {path: {year: '2026'}}}, expect: {output: {year: '2026'}}}\n"
    assert told(flow, text + "- {name: b, event: {webhook: {}}, expect: {output: {}}}\n") == ""


def test_what_was_reached_is_known() -> None:
    flow = flow_of(
        "  - if: ${event.body}\n    then:\n" + GET.replace("  - ", "      - ") + "    else: [{do: stop}]\n", HEAD
    )
    [yes, no] = outcomes(flow, "- {name: a, event: {webhook: {body: 1}}, steps: {got: 1}}\n- {name: b}\n")

    assert yes.reached == {"1.then.got"}
    assert no.reached == frozenset()
