"""The body of an answer, unpacked piece by piece, up to a length: a bomb is noticed before it has gone off."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from onebox.connectors.feeds.failure import FeedFailed

if TYPE_CHECKING:
    import aiohttp

LARGEST = 5_000_000
"""bytes of a body, unpacked"""
PACKINGS = "gzip, deflate"
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 65536


async def read_body(response: aiohttp.ClientResponse, most: int = LARGEST) -> bytes:
    """Raises FeedFailed for a body that is too large or broken, and what aiohttp raises for a connection that breaks.

    The session must leave the body as it comes (`auto_decompress=False`).
    """
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise FeedFailed(f"the answer is packed with {packing!r:.40}, though {PACKINGS} was asked for")
    unpacker = _Unpacker(packing) if packing.endswith(("gzip", "deflate")) else None
    pieces: list[bytes] = []
    left = most
    async for piece in response.content.iter_chunked(_CHUNK):
        unpacked = piece if unpacker is None else unpacker.unpack(piece, left + 1)
        left -= len(unpacked)
        if left < 0:
            raise FeedFailed(f"the answer is larger than {most / 1e6:g} MB")
        pieces.append(unpacked)
    if unpacker is not None and not unpacker.ended:
        raise FeedFailed(f"the answer is packed with {packing} and breaks off")
    return b"".join(pieces)


class _Unpacker:
    """Gzip may come in several parts; what follows the last is left out."""

    def __init__(self, packing: str) -> None:
        self._packing = packing
        self._inner: Any = None
        self.ended = False

    def unpack(self, piece: bytes, most: int) -> bytes:
        """Up to `most` bytes of what comes next."""
        unpacked = b""
        while piece and len(unpacked) < most and (self._inner is not None or self._begin(piece)):
            try:
                unpacked += self._inner.decompress(piece, most - len(unpacked))
            except zlib.error as error:
                raise FeedFailed(f"the answer is packed with {self._packing} and broken: {error}") from None
            piece = self._inner.unused_data
            if self._inner.eof:
                self._inner, self.ended = None, True
        return unpacked

    def _begin(self, piece: bytes) -> bool:
        if self.ended and not (self._packing != "deflate" and piece.startswith(_GZIP_MAGIC)):
            return False
        bare = self._packing == "deflate" and piece[0] & 0x0F != zlib.DEFLATED  # some servers leave out its wrapping
        window = -zlib.MAX_WBITS if bare else zlib.MAX_WBITS
        self._inner = zlib.decompressobj(window if self._packing == "deflate" else window + 16)
        self.ended = False
        return True
