"""Where the bytes of media are, in Telegram's words, and the files of the box that go along. Blocks: it reads files."""

from __future__ import annotations

import re
from mimetypes import MimeTypes
from typing import TYPE_CHECKING

from onebox.channels.telegram.api import Upload
from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onebox.messaging.media import Media

_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_ODD = re.compile(r'["\\\x00-\x1f\x7f]')
"""what the header of a part would have to escape, which not every reader undoes"""
_LARGEST = {"photo": 10_000_000}
_LARGEST_OTHER = 50_000_000
_UNKNOWN = "application/octet-stream"
_KINDS = MimeTypes()  # the language's own list: that of the machine would differ from one to the next


def places_of(media: Sequence[Media], account: str, files: Path | None) -> tuple[list[str], list[Upload]]:
    """What stands for each of the media in a method's arguments, and what goes along. Raises DeliveryFailed."""
    places: list[str] = []
    uploads: list[Upload] = []
    for number, one in enumerate(media):
        where = f"media[{number}]"
        if one.file is not None:
            upload = Upload(f"file{number}", *_read(one, where, files))
            uploads.append(upload)
            places.append(f"attach://{upload.part}")
        elif one.id is not None and one.account not in {None, account}:
            hint = "fetch it by a download step, and send its file"
            raise invalid(f"{where}: its id is known to {one.account}, and not to {account}", hint)
        else:
            places.append(one.url or one.id or "")
    return places, uploads


def type_of(name: str) -> str:
    """The MIME type that a file's name tells.

    >>> type_of("photos/file_3.jpg")
    'image/jpeg'
    """
    return _KINDS.guess_type(name)[0] or _UNKNOWN


def _read(media: Media, where: str, files: Path | None) -> tuple[str, str, bytes]:
    """The name, the MIME type and the bytes of a file of the box."""
    name = media.file or ""
    path = (files / name).resolve() if files and _NAME.fullmatch(name) else None
    if files is None or path is None or not path.is_relative_to(files.resolve()):
        raise invalid(f"{where}: {name!r:.80} is no file of the box", "a file is named as the event names it")
    most = _LARGEST.get(media.kind, _LARGEST_OTHER)
    try:
        if path.stat().st_size > most:
            raise invalid(f"{where}: a {media.kind} has at most {most // 1_000_000} MB", "send a link to what is large")
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise invalid(
            f"{where}: the file {name} cannot be read: {why}", "files are kept as long as their event"
        ) from None
    shown = media.name or path.name
    return _ODD.sub("_", shown), media.type or type_of(shown), data
