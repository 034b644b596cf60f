"""A request made into what a flow sees as `event`, and into the row's text."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from onebox.kernel.encoding import dump, to_json
from onebox.web.answers import Refused
from onebox.web.forms import MAX_FIELDS, gathered
from onebox.web.texts import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization"))
"""never stored"""
_LONGEST_KEY = 200


def lower_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name, joined by commas where one comes again, without those that carry secrets."""
    found: dict[str, str] = {}
    for given, value in pairs:
        name = given.lower()
        if name in SECRET_HEADERS:
            continue
        text = value if value.isascii() else readable(value)
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def parse_query(query: str) -> dict[str, Any]:
    """The last part of an address: a value by name, a list where one comes again. Raises Refused (400)."""
    if not query:
        return {}
    try:
        return gathered(parse_qsl(readable(query), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "query_invalid", f"the query has more than {MAX_FIELDS} values") from None


def payload_of(data: Mapping[str, Any], body_text: str) -> str:
    """`kernel.encoding.dump(data)`, from the body's own dump: bodies are large, and are written once."""
    rest = to_json({name: value for name, value in data.items() if name != "body"})
    if '"$' in rest:  # such as ?$filter=…, which the row keeps apart from its own marks
        return dump(data)
    return f'{{"body":{body_text},{rest[1:]}'


def value_at(data: Mapping[str, Any], place: str) -> str | None:
    """The text at `body.user.id` or `header:X-Id`; None where there is nothing, or nothing that names something.

    >>> value_at({"body": {"items": [{"id": 7}]}}, "body.items.0.id")
    '7'
    """
    if place.startswith("header:"):
        place = f"headers.{place[7:].lower()}"
    value: Any = data
    for part in place.split("."):
        value = _below(value, part)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return short(str(value))


def _below(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def short(text: str) -> str | None:
    """The text where a row can keep and index it, else its hash; None for an empty one."""
    if not text:
        return None
    if len(text) > _LONGEST_KEY or "\0" in text:
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return text
