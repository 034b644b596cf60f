"""Which secrets a part of a flow uses. They are named there, never written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onebox.flows.difference.tree import Node

_NAMED = re.compile(r"""\bsecret(?:\.|\[["'])([A-Za-z_]\w*)""")
_HOLD_NAMES = frozenset({"bearer", "password", "secret"})
"""under `auth`, these are names of secrets"""


def secrets_in(value: Any) -> set[str]:
    """Those that texts name as `${secret.…}`.

    >>> secrets_in({"headers": {"X": "key ${secret.crm}"}, "text": "a secret.none"})
    {'crm'}
    """
    return {name for text in _texts(value) if "${" in text for name in _NAMED.findall(text)}


def secrets_of_auth(auth: Any) -> set[str]:
    """Those that an `auth` names: of a request, or of a webhook.

    >>> sorted(secrets_of_auth({"basic": {"user": "ana", "password": ["old", "new"]}})), secrets_of_auth("none")
    (['new', 'old'], set())
    """
    if isinstance(auth, str):
        return set() if auth == "none" or "${" in auth else {auth}
    return set(_held(auth))


def _held(value: Any) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, dict) else ():
        if key in _HOLD_NAMES:
            yield from (name for name in (item if isinstance(item, list) else [item]) if _is_name(name))
        if not isinstance(item, str):
            yield from _held(item)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and "${" not in value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def secrets_of_step(node: Node, files: Mapping[str, str]) -> set[str]:
    """Those that a step uses itself, also in the template that it names."""
    found = secrets_in(node.own) | secrets_of_auth(node.arguments.get("auth"))
    template = node.arguments.get("template")
    return found | secrets_in(files.get(template) if isinstance(template, str) else None)
