"""Bytes that claim to be text."""

from __future__ import annotations

import codecs
from encodings import normalize_encoding
from encodings.aliases import aliases

from onebox.web.answers import Refused

_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"))
"""Python can decode them, but nobody sends them in good faith."""
_CODECS = {**aliases, **{name: name for name in aliases.values()}}
"""by normalised name. Python itself remembers every other spelling that it is asked for, for ever"""


def decode_text(raw: bytes, charset: str, what: str) -> str:
    """Raises Refused (400) for a charset that does not exist, or bytes that are none of its."""
    try:
        return str(raw, codec_of(charset))
    except UnicodeDecodeError as error:
        reason = f"{what} is not {charset}: byte {error.start} (0x{raw[error.start]:02x}): {error.reason}"
        raise Refused(400, "text_invalid", reason) from None
    except (LookupError, ValueError):  # zlib is a codec, but none of texts
        raise _unknown(charset) from None


def codec_of(charset: str) -> str:
    """Python's name for it. Raises Refused (400)."""
    name = _CODECS.get(normalize_encoding(charset).lower())
    if name is None or name.replace("_", "-") in _NO_CHARSETS:
        raise _unknown(charset)
    return codecs.lookup(name).name


def _unknown(charset: str) -> Refused:
    return Refused(400, "charset_unknown", f"there is no charset {charset[:80]!r}", hint="use utf-8")


def readable(text: str) -> str:
    r"""The text of a header: aiohttp leaves bytes that are no UTF-8 as lone surrogates, which no row can keep.

    >>> readable("Sal\udcf3n")
    'Salón'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text
