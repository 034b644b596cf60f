"""The buttons below a message, and those that ask a person for their number or their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onebox.channels.telegram.texts import units
from onebox.messaging.choices import Choice, choices_of
from onebox.messaging.content import invalid, one_line

_COLUMNS = ((3, 8), (2, 16))
"""how many stand in a row, and how long the longest of all may then be"""
_ASKED = {"contact": ("request_contact", "Share my phone number"), "location": ("request_location", "Share my place")}


def keyboard_of(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `reply_markup` for `choices` or `request`. Raises DeliveryFailed."""
    choices, request = choices_of(content), content.get("request")
    if request is None:
        return {"inline_keyboard": _rows(choices)} if choices else None
    if choices:
        raise invalid("choices and request exclude each other", "ask for one thing at a time")
    return _asking(request)


def _rows(choices: Sequence[Choice]) -> list[list[dict[str, str]]]:
    buttons = [_button(choice) for choice in choices]
    columns = columns_of([button["text"] for button in buttons])
    return [buttons[start : start + columns] for start in range(0, len(buttons), columns)]


def _button(choice: Choice) -> dict[str, str]:
    shown = f"{choice.title} · {choice.description}" if choice.description else choice.title
    return {"text": shown, "url": choice.url} if choice.url else {"text": shown, "callback_data": choice.id}


def columns_of(titles: Sequence[str]) -> int:
    """How many buttons stand in a row: as many as can be read on a telephone, and none alone in the last one.

    >>> columns_of(["Mon", "Tue", "Wed"]), columns_of(["Yes", "No", "Later", "Never"]), columns_of(["Tomorrow at noon"])
    (3, 2, 1)
    """
    longest = max(map(units, titles))
    fitting = [columns for columns, most in _COLUMNS if longest <= most and columns <= len(titles)]
    return next((columns for columns in fitting if len(titles) % columns != 1), fitting[0] if fitting else 1)


def _asking(request: Any) -> dict[str, Any]:
    """`contact`, `location`, or one of these with the button's words: `{contact: My number}`."""
    asked: Any = {request: None} if isinstance(request, str) else request
    if not isinstance(asked, Mapping) or len(asked) != 1 or next(iter(asked)) not in _ASKED:
        raise invalid(f"request must be contact or location, got {request!r:.80}", "or such as {contact: My number}")
    [(kind, words)] = asked.items()
    field, usual = _ASKED[kind]
    if words is not None and not isinstance(words, str):
        raise invalid(f"request: {kind} must be the words of the button, got {words!r:.80}")
    label = one_line(words or usual, f"request: {kind}")
    return {"keyboard": [[{"text": label, field: True}]], "resize_keyboard": True, "one_time_keyboard": True}
