"""The bytes of files that go out. Blocks: it reads files."""

from __future__ import annotations

import re
from mimetypes import MimeTypes
from typing import TYPE_CHECKING

from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from pathlib import Path

    from onebox.messaging.media import Media

_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_KINDS = MimeTypes()  # the language's own list: that of the machine would differ from one to the next
_MOST = {"photo": 5_000_000, "video": 16_000_000, "audio": 16_000_000, "voice": 16_000_000, "document": 20_000_000}
"""bytes; WhatsApp takes larger documents, but they would not fit into a small box's memory"""


def read_file(files: Path, media: Media) -> tuple[bytes, str, str]:
    """The bytes, the name and the MIME type of a file of the box. Raises DeliveryFailed."""
    name = media.file or ""
    path = (files / name).resolve() if _NAME.fullmatch(name) else None
    if path is None or not path.is_relative_to(files.resolve()):
        raise invalid(f"media: {name!r:.80} is no file of the box", "a file is named as the event names it")
    most = _MOST[media.kind]
    try:
        size = path.stat().st_size
        if size > most:
            what = f"media: {name} has {size:,} bytes, and WhatsApp takes {most:,} of kind {media.kind}"
            raise invalid(what, "send a url to what is large")
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise invalid(
            f"media: the file {name} cannot be read: {why}", "files are kept as long as their event"
        ) from None
    shown = media.name or path.name
    return data, shown, _type_of(media, shown, path.name)


def _type_of(media: Media, *names: str) -> str:
    guessed = (_KINDS.guess_type(name)[0] for name in names)
    found = media.type or next((one for one in guessed if one), None)
    if found is None:
        raise invalid(f"media: type is missing, and {names[0]!r:.80} does not tell it", "such as image/jpeg")
    return found
