"""From bytes to text: which encoding a document is in, and what no document may hold."""

from __future__ import annotations

import codecs
import html.entities
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OPENINGS = (
    (re.compile(rb"[<{\s]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[<{\s]"), "utf-32-be"),
    (re.compile(rb"[<{\s]\0"), "utf-16-le"),
    (re.compile(rb"\0[<{\s]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # `<?xm` in EBCDIC
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_FAMILIES = ("utf-", "iso", "cp", "koi8", "mac", "big5", "gb", "hz", "euc", "shift", "johab", "ascii", "tis", "ptcp")
"""Python knows codecs that are no encodings of a document, and some that take for ever"""
_WIDER = {"gb2312": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252"}
"""what is declared, and what is then written all the same"""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""XML has no place for these, and rows and channels have none"""
_REFERENCE = re.compile(r"&(#[0-9]{1,9}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LAST_CHARACTER = 0x10FFFF


def decoded(raw: bytes, content_type: str) -> str:
    """The text of a document, by its byte order mark, its first bytes, the header, its own declaration."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return without_forbidden(raw[len(mark) :].decode(encoding, "replace"))
    for opening, encoding in _OPENINGS:
        if opening.match(raw):
            return without_forbidden(raw.decode(encoding, "replace"))
    return without_forbidden(_by_declaration(raw, content_type))


def _by_declaration(raw: bytes, content_type: str) -> str:
    charset, declared = _CHARSET.search(content_type), _DECLARED.match(raw[:1000])
    named = [charset[1] if charset else "", declared[1].decode() if declared else ""]
    known = [encoding for encoding in map(_known, named) if encoding]
    if not raw.isascii():  # what reads as UTF-8 is UTF-8, whatever a server says by default
        known.insert(0, "utf-8")
    for encoding in (*known, "utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeError:
            continue
    return raw.decode(known[-1], "replace")


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _WIDER.get(found, found) if found.startswith(_FAMILIES) else None


def without_forbidden(text: str) -> str:
    """Without control characters, half surrogate pairs, and other signs that XML forbids."""
    return _FORBIDDEN.sub("", text)


def with_plain_references(text: str) -> str:
    """Character references as XML knows them: names of HTML become numbers, those that mean nothing go."""
    return _REFERENCE.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    name = found[1]
    if name in _OF_XML:
        return found[0]
    if name[0] != "#":
        code = html.entities.name2codepoint.get(name)
        return found[0] if code is None else f"&#{code};"
    code = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    return found[0] if code <= _LAST_CHARACTER and not _FORBIDDEN.match(chr(code)) else ""
