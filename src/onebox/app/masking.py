"""Secrets are taken out of all that is shown or kept for people: journals, pages, logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping

MASK = "***"
SHORTEST = 4
"""characters: what is shorter would mask half of all words"""


def masker(secrets: Mapping[str, str]) -> Callable[[Any], Any]:
    """Gives a function that replaces the secrets' values by *** in all strings of a tree of plain values.

    A tree that holds none of them is handed back itself. Also found are values as they look inside JSON and URLs.
    """
    looks = sorted(set(_looks(secrets.values())), key=len, reverse=True)
    if not looks:
        return _unchanged
    return _Masker(looks).mask


def _unchanged(value: Any) -> Any:
    return value


def _looks(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        if len(value) >= SHORTEST:
            plain = value.encode("utf-8", "replace").decode()
            yield from (value, to_json(plain)[1:-1], quote(plain, safe=""))


class _Masker:
    def __init__(self, looks: list[str]) -> None:
        self._text = re.compile("|".join(map(re.escape, looks)))
        self._bytes = re.compile("|".join(map(re.escape, looks)).encode("utf-8", "surrogateescape"))

    def mask(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self._text.sub(MASK, value)  # the same object where nothing is found
        if kind is dict:
            return self._mapping(value)
        if kind is list or kind is tuple:
            return self._items(value)
        if kind is bytes:
            return self._bytes.sub(MASK.encode(), value)
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
