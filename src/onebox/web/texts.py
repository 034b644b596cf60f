"""Bytes that claim to be text."""

from __future__ import annotations

import codecs

from onebox.web.answers import Refused

_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"))
"""Python can decode them, but nobody sends them in good faith."""


def decode_text(raw: bytes, charset: str, what: str) -> str:
    """Raises Refused (400) for a charset that does not exist, or bytes that are none of its."""
    try:
        return str(raw, _codec(charset))
    except UnicodeDecodeError as error:
        reason = f"{what} is not {charset}: byte {error.start} (0x{raw[error.start]:02x}): {error.reason}"
        raise Refused(400, "text_invalid", reason) from None
    except (LookupError, ValueError):
        raise Refused(400, "charset_unknown", f"there is no charset {charset!r}", hint="use utf-8") from None


def _codec(charset: str) -> str:
    name = codecs.lookup(charset).name
    if name.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(charset)
    return name


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
