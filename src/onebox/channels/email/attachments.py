"""The bytes of attachments. Blocks: it reads files."""

from __future__ import annotations

import re
from mimetypes import MimeTypes
from typing import TYPE_CHECKING

from onebox.channels.email.letter import MOST
from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onebox.channels.email.letter import Letter

_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_UNKNOWN = "application/octet-stream"
_KINDS = MimeTypes()  # the language's own list: that of the machine would differ from one to the next
_COMPOSED = ("multipart", "message")
"""kinds that hold messages of their own, and may not be encoded as a file must be"""


def attached(letter: Letter, files: Path) -> Iterator[tuple[str, str, bytes]]:
    """The filename, the kind and the bytes of each attachment. Raises DeliveryFailed where one is not there, or where
    the letter is too large."""
    left = MOST - sum(len(text.encode("utf-8", "replace")) for text in (letter.body.text, letter.html) if text)
    for attachment in letter.attachments:
        if attachment.file is not None:
            data = _read(files, attachment.file, left)
        elif attachment.text is not None:
            data = attachment.text.encode("utf-8", "replace")
        else:
            data = attachment.data or b""
        left -= len(data)
        if left < 0:
            raise _too_large()
        yield attachment.filename, _kind(attachment.content_type, attachment.filename), data
    if left < 0:
        raise _too_large()


def _read(files: Path, name: str, most: int) -> bytes:
    path = (files / name).resolve() if _NAME.fullmatch(name) else None
    if path is None or not path.is_relative_to(files.resolve()):
        raise invalid(f"attachments: {name!r:.80} is no file of the box", "a file is named as the event names it")
    try:
        if path.stat().st_size > most:
            raise _too_large()
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = "files are kept as long as their event"
        raise invalid(f"attachments: the file {name} cannot be read: {why}", hint) from None


def _too_large() -> Exception:
    return invalid(f"the e-mail is larger than {MOST // 1_000_000} MB", "send a link to what is large")


def _kind(given: str | None, filename: str) -> str:
    found = given or _KINDS.guess_type(filename)[0] or _UNKNOWN
    return _UNKNOWN if found.partition("/")[0] in _COMPOSED else found
