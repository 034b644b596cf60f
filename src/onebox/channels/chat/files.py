"""The bytes of pictures and documents, in the box's files folder. Blocks: it reads files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from pathlib import Path

MOST = 20_000_000
"""bytes of one file"""
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_HEAD = 16


def picture_type(head: bytes) -> str | None:
    r"""The type of a picture that every browser shows and that holds no script, by its first 16 bytes; else None.

    >>> picture_type(b"\x89PNG\r\n\x1a\n"), picture_type(b"<svg>")
    ('image/png', None)
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None


def look_at(folder: Path, name: str) -> str | None:
    """The type of the picture that a file is, None for another. Raises DeliveryFailed where it cannot be read."""
    return picture_type(_read(folder, name, _HEAD))


def read_file(folder: Path, name: str) -> bytes:
    """All of it. Raises DeliveryFailed."""
    return _read(folder, name, -1)


def _read(folder: Path, name: str, most: int) -> bytes:
    path = (folder / name).resolve() if _NAME.fullmatch(name) else None
    if path is None or not path.is_relative_to(folder.resolve()):
        raise invalid(f"media: {name!r:.80} is no file of the box", "a file is named as the event names it")
    try:
        size = path.stat().st_size
        if size > MOST:
            raise invalid(f"media: {name} has {size} bytes, and the web chat takes {MOST}", "send a link to it")
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise invalid(
            f"media: the file {name} cannot be read: {why}", "files are kept as long as their event"
        ) from None
