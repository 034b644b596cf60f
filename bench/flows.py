"""The flows that are measured."""

from __future__ import annotations

EVENT = '{"amount": 21, "sender": "u1", "text": "order 7, please"}'
"""what each request brings"""

W = """\
flow: NAME
on:
  webhook: {path: NAME}
limits: {concurrency: 100}
steps:
  - id: order
    do: set
    with: {total: "${event.body.amount * 2}"}
  - id: kind
    do: set
    with: {value: "${'order' if event.body.text is startingwith('order') else 'other'}"}
  - id: label
    do: set
    with: {value: "${event.body.sender}: ${kind.value} of ${order.total}"}
  - do: http.post
    with:
      url: STUB/NAME
      json: {kind: "${kind.value}", total: "${order.total}", label: "${label.value}"}
"""

RUNAWAY = """\
flow: runaway
on:
  webhook: {path: runaway}
limits: {time: 10m}
steps:
  - do: python
    with: {function: runaway.never_ends, time: 10m}
"""

RUNAWAY_CODE = """\
def never_ends():
    while True:
        pass
"""


def flow_w(stub: str, name: str = "w") -> str:
    """Webhook, three pure steps, one HTTP call, done."""
    return W.replace("STUB", stub).replace("NAME", name)


def many_flows(stub: str, count: int) -> dict[str, str]:
    """Flow W, and others like it: `count` files in all."""
    names = ["w", *(f"w{number}" for number in range(1, count))]
    return {f"{name}.yaml": flow_w(stub, name) for name in names}
