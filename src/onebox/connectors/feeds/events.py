"""What a flow sees of an item as `${event.…}`."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import EventRefused
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT_NAMES = (
    "title", "link", "id", "summary", "text", "markup", "author", "published", "updated", "tags", "image", "enclosures",
    "feed",
)  # fmt: skip
_TEXTS = ("title", "link", "id", "summary", "text", "markup", "author", "image")
_INSTANTS = ("published", "updated")
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def event_data(item: Mapping[str, Any], url: str, title: str | None, link: str | None) -> dict[str, Any]:
    """The event of an item as the child process tells it: without its key, with instants, with its feed."""
    data = {name: item.get(name) for name in EVENT_NAMES}
    for name in _INSTANTS:
        data[name] = None if item[name] is None else datetime.fromisoformat(item[name])
    return {**data, "feed": {"url": url, "title": title, "link": link}}


def event_of_test(given: Mapping[str, Any], url: str, at: datetime) -> dict[str, Any]:
    """The event that a test means with a few names of it, such as title and link. Raises EventRefused."""
    _check(given)
    text = given.get("text") or given.get("summary") or ""
    data = {
        "title": "",
        "link": None,
        "id": given.get("link"),
        "summary": text,
        "text": text,
        "markup": escape(text, quote=False),
        "author": None,
        "published": at,
        "updated": None,
        "tags": [],
        "image": None,
        "enclosures": [],
        **given,
        "feed": {"url": url, "title": None, "link": None, **given.get("feed", {})},
    }
    return {**data, **{name: _instant(name, data[name]) for name in _INSTANTS}}


def said_of_event(data: Mapping[str, Any], url: str) -> dict[str, Any]:
    """What a test has to say so that it means this event: nothing that would be filled in anyway."""
    said = dict(data)
    for name in ("markup", "summary", "id", *EVENT_NAMES):  # first what follows from others
        rest = {key: value for key, value in said.items() if key != name}
        # When it was published, a test says: left out, it would be the test's own time.
        if name != "published" and name in said and event_of_test(rest, url, _ANY_TIME) == data:
            said = rest
    return {name: _written(value) for name, value in said.items()}


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _check(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name not in EVENT_NAMES:
            hint = f"there are: {', '.join(EVENT_NAMES)}"
            raise EventRefused(f"an item of a feed has no {name!r}{did_you_mean(name, EVENT_NAMES)}", hint=hint)
        expected = _expected(name)
        if not isinstance(value, expected):
            raise EventRefused(f"{name}: expected {_SAID[expected]}, got {value!r:.80}")


def _expected(name: str) -> Any:
    if name in _TEXTS:
        return (str, type(None))
    return {"tags": list, "enclosures": list, "feed": dict}.get(name, (str, datetime, type(None)))


_SAID: Mapping[Any, str] = {
    (str, type(None)): "a text",
    list: "a list",
    dict: "a mapping",
    (str, datetime, type(None)): "an instant such as 2026-03-01T12:00:00Z",
}


def _instant(name: str, value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise EventRefused(f"{name}: expected an instant such as 2026-03-01T12:00:00Z, got {value!r:.80}") from None
    if at.tzinfo is None:
        raise EventRefused(f"{name}: {value!r} has no time zone: write it such as 2026-03-01T12:00:00Z")
    return at.astimezone(UTC)
