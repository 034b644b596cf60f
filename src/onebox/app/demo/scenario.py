"""What comes in during the demo: orders of a shop, messages to a salon. The people are made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.app.demo.shop import LOW, PLENTY, SOLD_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = ("Ana", "Bilal", "Chen", "Dara", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kavi", "Lena")
TEXTS = (
    "Hello, are you open on Friday?",
    "Can I book a cut on Tuesday?",
    "I left my umbrella at your place",
    "Please book me in for Saturday",
)
BURST = 200
_FIRST = 1001
_QUIET = 24
_LOW_AT = (5, 13, 21)
_SOLD_OUT_AT = 11


@dataclass(frozen=True)
class Incoming:
    """One event on its way in: where to, under which key, and how it is told."""

    path: str
    key: str
    body: dict[str, Any]
    told: str

    @property
    def answer(self) -> str:
        """What the message that comes of it begins with."""
        return f"{'Order' if self.path == 'orders' else 'Message'} {self.body['number']}"


def order(number: int, item: str) -> Incoming:
    """An order."""
    name = PEOPLE[number % len(PEOPLE)]
    total = 12 + number * 7 % 140
    body = {"number": number, "name": name, "item": item, "total": total}
    return Incoming("orders", f"order-{number}", body, f"order {number}: {name} wants {item}, {total}.00")


def message(number: int) -> Incoming:
    """A message to the salon."""
    sender, text = PEOPLE[number % len(PEOPLE)], TEXTS[number % len(TEXTS)]
    body = {"number": number, "from": sender, "text": text}
    return Incoming("messages", f"message-{number}", body, f"message {number}: {sender} writes: {text}")


def trickle() -> Iterator[Incoming]:
    """A quiet morning: orders, some of things that are low or sold out, and messages between."""
    for step in range(_QUIET):
        item = SOLD_OUT if step == _SOLD_OUT_AT else LOW if step in _LOW_AT else PLENTY[step % len(PLENTY)]
        yield order(_FIRST + step, item)
        if step % len(PEOPLE) < len(TEXTS):
            yield message(_FIRST + step)


def burst() -> list[Incoming]:
    """Everyone at once."""
    return [order(2 * _FIRST + number, PLENTY[number % len(PLENTY)]) for number in range(BURST)]
