"""Bytes that claim to be text."""

from __future__ import annotations

import codecs

from onebox.web.answers import Refused


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
    if name in {"undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7"}:
        raise LookupError(charset)  # Python has them, the web does not
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
