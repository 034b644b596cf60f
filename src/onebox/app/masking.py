"""Secrets are taken out of all that is shown or kept for people: journals, pages, logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

MASK = "***"
SHORTEST = 4
"""characters: what is shorter would mask half of all words"""


def _mask(_name: str) -> str:
    return MASK


def masker(secrets: Mapping[str, str], instead: Callable[[str], str] = _mask) -> Callable[[Any], Any]:
    """Gives a function that replaces the secrets' values by *** in all strings of a tree of plain values, or by what
    `instead` gives for their names.

    A tree that holds none of them is handed back itself. Also found are values as they look inside JSON and URLs.
    """
    looks = {look: instead(name) for name, value in secrets.items() for look in _looks(value)}
    if not looks:
        return _unchanged
    return _Masker(looks).mask


def _unchanged(value: Any) -> Any:
    return value


def _looks(value: str) -> Iterator[str]:
    if len(value) >= SHORTEST:
        plain = value.encode("utf-8", "replace").decode()
        yield from (value, to_json(plain)[1:-1], quote(plain, safe=""))


class _Masker:
    def __init__(self, looks: Mapping[str, str]) -> None:
        pattern = "|".join(map(re.escape, sorted(looks, key=len, reverse=True)))
        self._text = re.compile(pattern)
        self._bytes = re.compile(pattern.encode("utf-8", "surrogateescape"))
        in_bytes = {look.encode("utf-8", "surrogateescape"): instead.encode() for look, instead in looks.items()}
        self._instead = lambda found: looks[found[0]]
        self._instead_bytes = lambda found: in_bytes[found[0]]

    def mask(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self._text.sub(self._instead, value)  # the same object where nothing is found
        if kind is dict:
            return self._mapping(value)
        if kind is list or kind is tuple:
            return self._items(value)
        if kind is bytes:
            return self._bytes.sub(self._instead_bytes, value)
        return value

    def _mapping(self, value: dict[Any, Any]) -> dict[Any, Any]:
        masked = {self.mask(key): self.mask(item) for key, item in value.items()}
        # Told by identity: to compare the trees would cost as much again.
        same = all(old is new for old, new in zip(value.values(), masked.values(), strict=False))
        return value if same and masked.keys() == value.keys() else masked

    def _items(self, value: Any) -> Any:
        masked = [self.mask(item) for item in value]
        if all(map(_is, value, masked)):
            return value
        return masked if type(value) is list else tuple(masked)


def _is(first: Any, second: Any) -> bool:
    return first is second


def log_masker(mask: Callable[[Any], Any]) -> Callable[[Any, str, MutableMapping[str, Any]], Mapping[str, Any]]:
    """A structlog processor; to stand after the one that writes out exceptions."""

    def masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: mask(value if _is_plain(value) else str(value)) for key, value in event.items()}

    return masked


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {str, int, float, bool, dict, list, tuple, bytes}
