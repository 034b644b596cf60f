"""Pictures, documents and sounds that a message brings along. Where their bytes are is said; nobody reads them here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from onebox.messaging.content import invalid, one_line

MediaKind = Literal["photo", "document", "video", "audio", "voice"]
KINDS: tuple[MediaKind, ...] = get_args(MediaKind)
_KEYS = ("kind", "url", "file", "id", "account", "name", "type", "size", "caption")
_SOURCES = ("url", "file", "id")
_MOST = 10


@dataclass(frozen=True, slots=True)
class Media:
    """One of them. Its bytes are at a `url`, in a `file` of the box (as an event or a `download` step names it), or
    known to the channel's servers by an `id` that `account` was given. `name` is what the person sees it called,
    `type` its MIME type."""

    kind: MediaKind
    url: str | None = None
    file: str | None = None
    id: str | None = None
    account: str | None = None
    name: str | None = None
    type: str | None = None


def media_of(content: Mapping[str, Any]) -> tuple[Media, ...]:
    """What stands under `media`: one mapping, or a list of them. Raises DeliveryFailed.

    >>> media_of({"media": {"url": "https://salon.example/price-list.pdf", "kind": "document"}})[0].kind
    'document'
    """
    given = content.get("media")
    if given is None:
        return ()
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not 0 < len(listed) <= _MOST:
        raise invalid(f"media must be a mapping, or a list of 1 to {_MOST}, got {given!r:.80}")
    return tuple(_media(one, f"media[{number}]") for number, one in enumerate(listed))


def _media(given: Any, where: str) -> Media:
    if not isinstance(given, Mapping):
        raise invalid(f"{where} must be a mapping, got {given!r:.80}", "such as {photo: …} with url, file or id")
    for key in given:
        if key not in _KEYS:
            raise invalid(f"{where}: there is no {key!r}", f"it has {', '.join(_KEYS)}")
    sources = [key for key in _SOURCES if given.get(key) not in (None, "")]
    if len(sources) != 1:
        what = f"{' and '.join(sources)} exclude each other" if sources else "one of url, file and id is missing"
        raise invalid(f"{where}: {what}", "give the place of its bytes once")
    kind = given.get("kind") or _kind_of(given.get("type"))
    if kind not in KINDS:
        raise invalid(f"{where}: kind must be one of {', '.join(KINDS)}, got {kind!r:.80}")
    texts = {key: _text(given, key, where) for key in ("url", "file", "id", "account", "name", "type")}
    url = texts["url"]
    if url is not None and not url.startswith(("https://", "http://")):
        raise invalid(f"{where}: url must begin with https://, got {url!r:.80}")
    return Media(kind, **texts)


def _kind_of(type: Any) -> str:
    """What a MIME type is best shown as.

    >>> _kind_of("image/png")
    'photo'
    """
    head = str(type).partition("/")[0]
    return {"image": "photo", "video": "video", "audio": "audio"}.get(head, "document")


def _text(given: Mapping[str, Any], key: str, where: str) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise invalid(f"{where}: {key} must be a text, got {value!r:.80}")
    return one_line(str(value), f"{where}: {key}") or None
