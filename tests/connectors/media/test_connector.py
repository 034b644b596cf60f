"""Files that people sent, fetched and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from onebox.connectors.media.connector import MediaConnector
from onebox.flows.handlers import Call, StepFailed
from onebox.messaging.channel import DeliveryFailed
from onebox.storage.files import FilesFolder

if TYPE_CHECKING:
    from pathlib import Path

PHOTO = {"id": "f1", "account": "telegram/main", "kind": "photo", "name": "cut.jpg", "type": None}


class Server:
    """A channel's servers."""

    def __init__(self, answer: DeliveryFailed | None = None) -> None:
        self.answer = answer
        self.busy = self.most = 0

    async def fetch(self, id: str) -> tuple[bytes, str | None]:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        if self.answer is not None:
            raise self.answer
        return f"bytes of {id}".encode(), "image/jpeg"


def call(media: Any = PHOTO) -> Call:
    return Call("r1", "f", "0", "download", {"media": media}, 1, None, "e1")


async def test_a_file_is_kept_with_its_event(tmp_path: Path) -> None:
    connector = MediaConnector({"telegram/main": Server().fetch}, FilesFolder(tmp_path))

    assert await connector(call()) == {
        "file": "e1/1",
        "kind": "photo",
        "name": "cut.jpg",
        "type": "image/jpeg",
        "size": 11,
    }
    assert (tmp_path / "e1/1").read_bytes() == b"bytes of f1"


async def test_few_files_are_held_at_a_time(tmp_path: Path) -> None:
    server = Server()
    connector = MediaConnector({"telegram/main": server.fetch}, FilesFolder(tmp_path))
    await asyncio.gather(*(connector(call()) for _ in range(20)))

    assert server.most == 3


@pytest.mark.parametrize(
    ("media", "code", "message"),
    [
        ("f1", "bad_argument", "download: media must be what an event has in its media, got 'f1'"),
        (
            {"id": "f1", "account": "a/b"},
            "unknown_account",
            "download: a/b brings no files; these accounts do: telegram/main",
        ),
    ],
)
async def test_what_is_no_file_is_refused(media: Any, code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as failed:
        await MediaConnector({"telegram/main": Server().fetch}, FilesFolder(tmp_path))(call(media))

    assert (failed.value.step_code, failed.value.message, failed.value.passing) == (code, message, False)


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_file_that_cannot_be_fetched_fails_the_step(permanent: bool, tmp_path: Path) -> None:  # noqa: FBT001
    server = Server(DeliveryFailed("it is gone", permanent=permanent, retry_after=3.0, kind="refused"))
    with pytest.raises(StepFailed) as failed:
        await MediaConnector({"telegram/main": server.fetch}, FilesFolder(tmp_path))(call())

    assert (failed.value.step_code, failed.value.passing, failed.value.retry_after) == ("refused", not permanent, 3.0)
