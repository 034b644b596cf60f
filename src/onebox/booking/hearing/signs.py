"""Turns what a person wrote into signs, the same for all languages, so that one grammar reads them all.

`завтра після 17` and `tomorrow after 5` become `tomorrow from n:17` and `tomorrow from n:5`. The signs:

    n:5 c:5 o:5 h:5       a number in digits, as a word, of a day, of an hour; y:2026 a year
    t:17:30               a time; d:5.12 or s:12.5 a date, or a time with a point; w:2.5 the same, less surely; D:2026-12-05
    today tomorrow overmorrow past
    wd:0 … wd:6           Monday to Sunday; wdq: if what stands around it says so
    mon:1 … mon:12        months; week:0 week:1 week:2 month:1 weekend: this, the next, the one after it
    p_morning …           a part of the day
    at from until for between to on in and or the of this next      little words
    hour hc minute day week month                                   units; hc is an hour and o'clock
    not, stop, comma, dash, ok                                      what ends a clause, and words that say nothing
    x                     any other word
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 400
"""characters that are looked at: a time is said in fewer"""
_MOST = 80
"""signs: a text of single letters would keep others waiting"""
HEARD = {"en": "english", "uk": "ukrainian", "ru": "russian", "de": "german", "he": "hebrew"}
_TOKEN = re.compile(
    r"""
    (?P<iso>(?<![\d.:/-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\d))
  | (?P<date>(?<![\d.,:/])[0-9]{1,2}[./][0-9]{1,2}(?:[./](?:[0-9]{4}|[0-9]{2})(?!\d)|\.(?!\d)|(?![\d./:])))
  | (?P<clock>(?<![\d.,:/])[0-9]{1,2}:[0-9]{2}(?![\d:]))
  | (?P<ordinal>(?<![\d.,:/])[0-9]{1,2}-?(?:st|nd|rd|th|го|ого|е|ое|му|ten|ter|te)(?!\w))
  | (?P<number>\d+(?:[.,:/]\d+)*)
  | (?P<word>[^\W\d_]+(?:['"][^\W\d_]+)*'?)
  | (?P<stop>[.!?;\n…]+)
  | (?P<comma>[,:()])
  | (?P<dash>-)
  | (?P<other>\S)
    """,
    re.VERBOSE,
)
_ALIKE = str.maketrans(
    {**dict.fromkeys("’ʼ`´‘׳", "'"), **dict.fromkeys("״“”„«»", '"'), **dict.fromkeys("–—‐‑−", "-"), "ё": "е"}
)
_SILENT = re.compile("[\u0591-\u05c7\u200b-\u200f\u202a-\u202e\u2060-\u2069]")
_HALVES = re.compile(r"\b([ap])\.\s?m\b\.?")
_ALWAYS = re.compile(r"\b24/7\b")
_GERMAN_DAY = re.compile(
    r"\b((?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|morgen)"
    r"(vormittag|nachmittag|mittag|morgen|abend|nacht|früh)s?\b"
)
_HEBREW_PREFIX = re.compile(r"(?<![^\W_])([בלמהו]{1,2})-(?=[0-9א-ת])")
_LONG_DATE = 4


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What words stand for: by the first word, the phrases that begin with it, longest first."""

    phrases: Mapping[str, list[tuple[tuple[str, ...], str]]]
    words: frozenset[str]
    prefixes: Mapping[str, str]


def signs_of(text: str, language: str) -> list[str]:
    """The signs of a text, at most of its first 400 characters."""
    lexicon = lexicon_of(language)
    tokens = list(_tokens(_normal(text[:LONGEST], language)[:LONGEST], lexicon))
    found: list[str] = []
    at = 0
    while at < len(tokens) and len(found) < _MOST:
        kind, word = tokens[at]
        length, sign = _phrase(tokens, at, lexicon) if kind in {"word", "other"} else (1, _sign(kind, word))
        found += sign.split()
        at += length
    return found[:_MOST]


@cache
def lexicon_of(language: str) -> Lexicon:
    """The words of a language that is heard; they are read when it is first spoken."""
    module = import_module(f"onebox.booking.hearing.{HEARD[language]}")
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for sign, words in module.WORDS.items():
        for phrase in words.split(", "):
            parts = tuple(found.group() for found in _TOKEN.finditer(_normal(phrase, "")))
            phrases.setdefault(parts[0], []).append((parts, sign))
    for known in phrases.values():
        known.sort(key=lambda phrase: -len(phrase[0]))
    every = frozenset(word for known in phrases.values() for parts, _ in known for word in parts)
    return Lexicon(phrases, every, getattr(module, "PREFIXES", {}))


def _normal(text: str, language: str) -> str:
    normal = _SILENT.sub("", normalize("NFKC", text).casefold().translate(_ALIKE))
    normal = _ALWAYS.sub(" ", _HALVES.sub(r"\1m", normal))
    if language == "de":
        return _GERMAN_DAY.sub(r"\1 \2", normal)
    return _HEBREW_PREFIX.sub(r"\1 ", normal) if language == "he" else normal


def _tokens(text: str, lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup or "other", found.group()
        if kind == "word":
            yield from (("word", part) for part in _parts(word, lexicon))
        else:
            yield kind, word


def _parts(word: str, lexicon: Lexicon) -> Iterator[str]:
    """The word, or the letters before it that are words of their own, and the rest."""
    rest = word
    begun: list[str] = []
    while rest not in lexicon.words and rest[:1] in lexicon.prefixes and len(begun) < 2:  # noqa: PLR2004
        begun.append(rest[0])
        rest = rest[1:]
    if begun and (not rest or rest in lexicon.words):
        yield from begun
        word = rest
    elif word.endswith("'") and word not in lexicon.words:
        word = word[:-1]
    if word:
        yield word


def _phrase(tokens: list[tuple[str, str]], at: int, lexicon: Lexicon) -> tuple[int, str]:
    word = tokens[at][1]
    for parts, sign in lexicon.phrases.get(word, ()):
        if tuple(word for _, word in tokens[at : at + len(parts)]) == parts:
            return len(parts), sign
    return 1, lexicon.prefixes.get(word, "x")


def _sign(kind: str, word: str) -> str:
    if kind == "iso":
        return f"D:{word}"
    if kind == "clock":
        return f"t:{word}"
    if kind == "date":
        return _date(word)
    if kind == "ordinal":
        return f"o:{int(re.findall('[0-9]+', word)[0])}"
    if kind == "number":
        return _number(word)
    return kind


def _date(word: str) -> str:
    parts = [part for part in re.split("[./]", word) if part]
    sure = len(parts) > 2 or len(parts[1]) == 2 or word.endswith(".")  # noqa: PLR2004
    return f"{'s' if '/' in word else 'd' if sure else 'w'}:{'.'.join(parts)}"


def _number(word: str) -> str:
    if not re.fullmatch("[0-9]+", word):
        return "x"
    if len(word) <= 2:  # noqa: PLR2004
        return f"n:{word}"
    return f"y:{word}" if len(word) == _LONG_DATE else "x"
