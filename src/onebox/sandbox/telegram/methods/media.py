"""Photos, documents and the like: uploaded, by their id, or by an address; and the files behind them."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.markup.reading import caption, caption_of
from onebox.sandbox.telegram.methods.posting import post, post_all
from onebox.sandbox.telegram.refusals import Refused, bad

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.sandbox.telegram.call import Call, Upload
    from onebox.sandbox.telegram.world import Bot, Stored, World

_LARGEST_UPLOAD = 50 * 1024 * 1024
_LARGEST_PHOTO = 10 * 1024 * 1024
_LARGEST_DOWNLOAD = 20 * 1024 * 1024
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM")
_IN_ALBUMS = frozenset({"photo", "video", "document", "audio"})
_MOST_IN_ALBUM = 10
_SHAPES: dict[str, dict[str, Any]] = {
    "photo": {"width": 640, "height": 480},
    "video": {"width": 640, "height": 480, "duration": 1},
    "animation": {"width": 640, "height": 480, "duration": 1},
    "audio": {"duration": 1},
    "voice": {"duration": 1},
    "video_note": {"length": 240, "duration": 1},
    "sticker": {"width": 512, "height": 512, "type": "regular", "is_animated": False, "is_video": False},
    "document": {},
}
"""What the real server measures, and this one does not."""


def sending(kind: str) -> Callable[[World, Bot, Call], Awaitable[Any]]:
    """The method that sends a medium of that kind."""

    async def send(world: World, bot: Bot, call: Call) -> Any:
        told = {} if kind == "sticker" else caption_of(call)
        world.chat_of(bot, call.text("chat_id"))
        stored = _stored(world, call, kind, call.text(kind), call.uploads.get(kind))
        return post(world, bot, call, {**medium(stored), **told})

    return send


async def send_media_group(world: World, bot: Bot, call: Call) -> Any:
    """An album."""
    complaint = "can't parse media JSON object"
    items = call.json("media", complaint)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad(complaint)
    if not items:
        raise bad("there are no messages to send")
    if len(items) > _MOST_IN_ALBUM:
        raise bad("too many messages to send as an album")
    world.chat_of(bot, call.text("chat_id"))
    contents = [input_media(world, call, item, _IN_ALBUMS) for item in items]
    kinds = {item["type"] for item in items}
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("document can't be mixed with other media types")
    album = {"media_group_id": str(1_000_000 + bot.numbers)}
    return post_all(world, bot, call, [{**album, **content} for content in contents])


async def get_file(world: World, bot: Bot, call: Call) -> Any:
    """Where a file can be fetched."""
    stored = world.files.get(call.text("file_id"))
    if stored is None:
        raise bad("invalid file_id" if call.text("file_id") else "file_id not specified")
    if stored.content is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > _LARGEST_DOWNLOAD:
        raise bad("file is too big")
    told = {"file_id": stored.id, "file_unique_id": stored.unique_id, "file_size": len(stored.content)}
    return {**told, "file_path": stored.path}


def medium(stored: Stored) -> dict[str, Any]:
    """A stored file as the part of a message."""
    size = len(stored.content) if stored.content is not None else 0
    told = {"file_id": stored.id, "file_unique_id": stored.unique_id, "file_size": size, **_SHAPES[stored.kind]}
    if stored.kind == "photo":
        small = {**told, "width": 90, "height": 67}
        return {"photo": [small, told]}
    if stored.kind in {"document", "video", "audio", "animation"}:
        told["file_name"] = stored.name
    if stored.kind not in {"sticker", "video_note"}:
        told["mime_type"] = stored.mime
    # An animation is told as a document, too, for programs that do not know it.
    return {stored.kind: told, "document": told} if stored.kind == "animation" else {stored.kind: told}


def input_media(world: World, call: Call, item: dict[str, Any], kinds: frozenset[str]) -> dict[str, Any]:
    """A medium, with its caption, as the part of a message. Raises Refused for one of other kinds."""
    kind, source = item.get("type"), item.get("media")
    if not isinstance(kind, str) or kind not in kinds:
        raise bad(f"can't parse InputMedia: type must be one of {', '.join(sorted(kinds))}")
    if not isinstance(source, str):
        raise bad("can't parse InputMedia: media not found")
    told = caption(str(item.get("caption", "")), str(item.get("parse_mode", "")), item.get("caption_entities"))
    return {**medium(_stored(world, call, kind, source, None)), **told}


def _stored(world: World, call: Call, kind: str, source: str, upload: Upload | None) -> Stored:
    if source.startswith("attach://"):
        upload = call.uploads.get(source.removeprefix("attach://"))
    if upload is not None:
        return _uploaded(world, kind, upload)
    if not source or source.startswith("attach://"):
        raise bad(f"there is no {kind.replace('_', ' ')} in the request")
    if re.match(r"https?://", source, re.IGNORECASE):
        # The sandbox asks nobody: what lies there is not looked at.
        name = source.rpartition("/")[2].partition("?")[0] or kind
        return world.keep(kind, name, mimetypes.guess_type(name)[0] or "application/octet-stream", None)
    stored = world.files.get(source)
    if stored is None:
        raise bad("wrong remote file identifier specified: Wrong string length")
    if stored.kind != kind:
        raise bad(f"can't use file of type {stored.kind.title()} as {kind.title()}")
    return stored


def _uploaded(world: World, kind: str, upload: Upload) -> Stored:
    if not upload.content:
        raise bad("file must be non-empty")
    if len(upload.content) > _LARGEST_UPLOAD:
        raise Refused(413, "Request Entity Too Large")
    if kind == "photo":
        if len(upload.content) > _LARGEST_PHOTO:
            raise bad(
                f"file of size {len(upload.content)} bytes is too big for a photo; the maximum size is {_LARGEST_PHOTO} bytes"
            )
        if not upload.content.startswith(_IMAGES):
            raise bad("IMAGE_PROCESS_FAILED")
    return world.keep(kind, upload.name, upload.mime, upload.content)
