"""One field: what was sent is made into a value, or a sentence says what is wrong. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onebox.flows.definition.cases import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.web.form.settings import FieldSettings

LONGEST_TEXT = 10_000
MOST_VALUES = 1000
"""of one field"""
_LONGEST_NAME = 100
_EMAIL = re.compile(
    r"[^\s@<>(),;:\\\"\[\]]{1,64}@(?:[^\s@.<>(),;:\\\"\[\]]{1,63}\.)+(?=[^\s@.]*[^\W\d_])[^\s@.<>(),;:\\\"\[\]]{2,63}"
)
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,28}[0-9]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_THOUSANDS = re.compile(r",[0-9]{3}(?![0-9])")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?")
_NO = {"", "0", "false", "off", "no"}
_LINES = "\n\t"


class FieldFault(ValueError):
    """What is wrong with a value, in words that follow the field's label."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it came. `content` is not kept in the event's row."""

    filename: str
    content_type: str
    size: int
    content: bytes


class FieldReader:
    """Reads one field of a form."""

    def __init__(self, name: str, settings: FieldSettings) -> None:
        self.name = name
        self.label = settings.label or name.replace("_", " ").capitalize()
        self.settings = settings
        self._pattern = compiled(settings.pattern) if settings.pattern else None
        self._read: Callable[[Any], Any] = getattr(self, f"_{settings.type}")

    def read(self, sent: Any) -> Any:
        """The value; None where an optional field is empty. Raises FieldFault."""
        several = self.settings.type == "choices" or (self.settings.type == "file" and self.settings.many)
        listed = sent if isinstance(sent, list) else [sent]
        if len(listed) > MOST_VALUES:
            raise FieldFault(f"comes more than {MOST_VALUES:,} times")
        given = [one for one in listed if not is_empty(one)]
        if self.settings.type == "checkbox":
            return self._read(given)
        if not given:
            return self._missing()
        return [self._read(one) for one in given] if several else self._read(given[0])

    def _missing(self) -> Any:
        if self.settings.is_required and self.settings.default is None:
            raise FieldFault("is missing")
        return self.settings.default

    def _checkbox(self, given: list[Any]) -> bool:
        agreed = any(str(one).strip().lower() not in _NO for one in given)
        if self.settings.is_required and not agreed:
            raise FieldFault("must be ticked")
        return agreed

    # --- texts

    def _text(self, sent: Any) -> str:
        least, most = self.settings.min or 0, self.settings.max or LONGEST_TEXT
        text = cleaned(sent, most)
        if not text and self.settings.is_required:  # there were only characters that nobody typed
            raise FieldFault("is missing")
        if len(text) > most:
            raise FieldFault(f"is too long: at most {most:g} characters, and it has {len(text)}")
        if len(text) < least:
            raise FieldFault(f"is too short: at least {least:g} characters")
        if self._pattern is not None and not self._pattern.fullmatch(text):
            raise FieldFault("does not have the form that is asked for")
        return text

    def _line(self, sent: Any) -> str:
        return " ".join(self._text(sent).split())

    def _email(self, sent: Any) -> str:
        text = self._line(sent)
        if not _EMAIL.fullmatch(text):
            raise FieldFault("is no e-mail address, such as ana@example.org")
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"

    def _url(self, sent: Any) -> str:
        text = self._line(sent)
        try:
            parts = urlsplit(text)
        except ValueError:
            raise FieldFault("is no web address") from None
        if parts.scheme.lower() not in {"http", "https"} or not parts.netloc or " " in text:
            raise FieldFault("is no web address, such as https://example.org")
        return text

    def _phone(self, sent: Any) -> str:
        text = self._line(sent)
        if not _PHONE.fullmatch(text):
            raise FieldFault("is no telephone number, such as +49 30 1234567")
        return text

    def _date(self, sent: Any) -> str:
        text = self._line(sent)
        try:
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise FieldFault("is no date, such as 2026-03-29") from None

    # --- numbers

    def _integer(self, sent: Any) -> int:
        text = cleaned(sent)
        if not _INTEGER.fullmatch(text):
            raise FieldFault("is no whole number")
        return int(self._within(int(text)))

    def _number(self, sent: Any) -> float:
        written = cleaned(sent)
        text = written.replace(",", ".", 1)
        if _THOUSANDS.search(written) or not _NUMBER.fullmatch(text):  # 1,234 may be meant either way
            raise FieldFault("is no number")
        return self._within(float(text))

    def _within(self, number: float) -> float:
        least = -math.inf if self.settings.min is None else self.settings.min
        most = math.inf if self.settings.max is None else self.settings.max
        if number < least:
            raise FieldFault(f"must be at least {least:g}")
        if number > most:
            raise FieldFault(f"must be at most {most:g}")
        return number

    # --- choices

    def _choice(self, sent: Any) -> str:
        text = cleaned(sent)
        if text not in (self.settings.options or ()):
            raise FieldFault(f"must be one of: {', '.join(self.settings.options or ())}")
        return text

    _choices = _choice

    # --- files

    def _file(self, sent: Any) -> SentFile:
        # JSON can look like a file, but holds no bytes.
        content = sent.get("bytes") if isinstance(sent, dict) else None
        if not isinstance(content, bytes):
            raise FieldFault("must be a file")
        if not content:
            raise FieldFault("is an empty file")
        name, kind, size = file_name(str(sent["filename"])), str(sent["content_type"]), len(content)
        if size > self.settings.size:
            raise FieldFault(f"is too large: at most {self.settings.size:,} bytes, and it has {size:,}")
        if self.settings.accept and not any(_accepts(rule, name, kind) for rule in self.settings.accept):
            raise FieldFault(f"must be one of: {', '.join(self.settings.accept)}")
        return SentFile(name, kind[:_LONGEST_NAME], size, content)


def cleaned(sent: Any, most: float = LONGEST_TEXT) -> str:
    r"""A text without what nobody typed: control characters, half characters, white space around it.

    >>> cleaned(" Jose\u0301\x00\r\n ")
    'José'
    """
    if isinstance(sent, bool) or not isinstance(sent, (str, int, float)):
        raise FieldFault("must be a text")
    # Looked at before the work of cleaning: anyone may send megabytes. What is taken out has some room.
    if isinstance(sent, str) and len(sent) > 4 * most + 1000:
        raise FieldFault(f"is too long: at most {most:g} characters, and it has {len(sent)}")
    text = str(sent).replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFC", text)
    return "".join(sign for sign in text if sign in _LINES or unicodedata.category(sign) != "Cc").strip()


def file_name(sent: str) -> str:
    r"""The last part of a file's name, as it can be shown: never a path.

    >>> file_name("..\\..\\a/b/../c\x00v.pdf")
    'cv.pdf'
    """
    base = PurePosixPath(sent.replace("\\", "/")).name
    plain = "".join(sign for sign in base.encode("utf-8", "replace").decode() if sign.isprintable()).strip(". ")
    return plain[-_LONGEST_NAME:] or "file"


def is_empty(sent: Any) -> bool:
    """Whether a person left the field empty."""
    if isinstance(sent, dict):
        return sent.get("filename") == "" and not sent.get("size")  # what browsers send where no file was chosen
    return sent is None or (isinstance(sent, str) and not sent.strip())


def _accepts(rule: str, name: str, kind: str) -> bool:
    if rule.startswith("."):
        return name.lower().endswith(rule.lower())
    bare = kind.partition(";")[0].strip().lower()
    return bare.startswith(rule[:-1].lower()) if rule.endswith("/*") else bare == rule.lower()


def readers(fields: Mapping[str, FieldSettings]) -> list[FieldReader]:
    """A reader for each field."""
    return [FieldReader(name, settings) for name, settings in fields.items()]
