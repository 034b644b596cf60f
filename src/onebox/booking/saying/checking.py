"""Compares texts with the English ones, which say what there is: each key, value, function and plural form.

So nothing falls back to another language unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.booking.languages import base_language
from onebox.booking.saying.entries import FIRST_LANGUAGE, entries_of, parsed
from onebox.booking.saying.uses import PLURAL_FORMS, Uses, uses_of
from onebox.booking.saying.values import locale_of
from onebox.kernel.document import read_document
from onebox.kernel.faults import Fault
from onebox.kernel.nearest import suggestion
from onebox.kernel.reading import DocumentReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fluent.syntax.ast import Junk, Message

    from onebox.booking.salon import Salon

Contract = dict[str, Uses]
_LISTED = 5
_COUNTED_UP_TO = 1000
_LINK = ("link", "")
"""an own text may leave out any value but this one, without which nobody can pay"""


def check_catalogues(sources: Mapping[str, str]) -> list[Fault]:
    """All that is wrong with catalogues, by language; `en` is among them. Their files are called `texts/de.ftl`."""
    contract = contract_of(sources[FIRST_LANGUAGE])
    return sorted(fault for language, source in sources.items() for fault in _of_catalogue(language, source, contract))


def contract_of(source: str) -> Contract:
    """What each text of the English catalogue uses, by key, in order."""
    return {entry.id.name: uses_of(entry) for entry in entries_of(source) if hasattr(entry, "id")}


def check_texts(file: str, text: str, salon: Salon, shipped: Mapping[str, str]) -> list[Fault]:
    """All that is wrong with a salon's own texts, and what they lack of a language for which there is no catalogue."""
    if not salon.texts and all(base_language(language) in shipped for language in salon.languages):
        return []
    contract = contract_of(shipped[FIRST_LANGUAGE])
    reader = DocumentReader(read_document(file, text))
    for language, texts in salon.texts.items():
        for key, own in texts.items():
            for message in _of_own(language, key, own, contract):
                hint = suggestion(key, contract) if key not in contract else None
                reader.fault(("texts", language, key), message, hint, key=key not in contract)
    for at, language in enumerate(salon.languages):
        said = {*salon.texts.get(language, ()), *salon.texts.get(base_language(language), ())}
        missing = [key for key in contract if key not in said]
        if missing and not {language, base_language(language)} & set(shipped):
            hint = f"write them under texts: {language}:, or leave {language} out of languages"
            reader.fault(("languages", at), f"no texts in {language!r}: it lacks {_listed(missing)}", hint)
    return sorted(set(reader.faults))


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
    return ", ".join(keys[:_LISTED]) + more


def _of_catalogue(language: str, source: str, contract: Contract) -> Iterator[Fault]:
    file = f"texts/{language}.ftl"
    lines: dict[str, int] = {}
    for entry in entries_of(source):
        line = _line(source, entry)
        key = entry.id.name if hasattr(entry, "id") else None
        if key is None:
            yield Fault(file, line, 1, f"this is no Fluent: {_junk(entry)}")
        elif key in lines:
            yield Fault(file, line, 1, f"{key} stands here twice, first on line {lines[key]}")
        elif key not in contract:
            yield Fault(file, line, 1, f"there is no text {key}", suggestion(key, contract))
        else:
            for message in (*_wrong(language, key, entry, contract), *_lacking(key, entry, contract)):
                yield Fault(file, line, 1, message)
        lines.setdefault(key or "", line)
    before = 1
    for key in contract:
        if key not in lines:
            yield Fault(file, before, 1, f"the text {key} is missing", "it stands in texts/en.ftl")
        before = lines.get(key, before)


def _line(source: str, entry: Message | Junk) -> int:
    start = entry.span.start if entry.span is not None else 0
    if getattr(entry, "annotations", None):
        start = max(start, min(entry.annotations[0].span.start, len(source.rstrip())))  # type: ignore[union-attr]
    return source.count("\n", 0, start) + 1


def _junk(entry: Junk | None) -> str:
    return str(entry.annotations[0].message) if entry is not None and entry.annotations else "it cannot be read"


def _of_own(language: str, key: str, text: str, contract: Contract) -> Iterator[str]:
    if key not in contract:
        yield f"there is no text {key!r}"
        return
    from fluent.syntax.ast import Message

    entry = parsed(key, text)
    if not isinstance(entry, Message):
        yield f"{key}: this is no text of Fluent: {_junk(entry)}"
        return
    yield from _wrong(language, key, entry, contract)
    if _LINK in contract[key].written - uses_of(entry).written:
        yield f"{key}: {{ $link }} is missing"


def _wrong(language: str, key: str, entry: Message, contract: Contract) -> Iterator[str]:
    known, found = contract[key], uses_of(entry)
    yield from (f"{key}: {strange}" for strange in found.strange)
    for name in sorted(found.values - known.values):
        near = suggestion(name, known.values) or "it has no values"
        yield f"{key}: there is no value ${name}; {near.removesuffix('?')}"
    for name, function in sorted(found.written - known.written):
        if name in known.values:
            ways = sorted(_written(name, way) for whose, way in known.written if whose == name)
            yield f"{key}: {_written(name, function)} cannot be written so: it is {' or '.join(ways)}"
    for name in sorted(found.counted | (known.counted & set(found.chosen))):
        for variants in found.chosen[name]:
            yield from _forms(language, key, name, variants)


def _written(name: str, function: str) -> str:
    return f"{{ {function}(${name}) }}" if function else f"{{ ${name} }}"


def _forms(language: str, key: str, name: str, variants: set[str]) -> Iterator[str]:
    rule = locale_of(language).plural_form
    needed = {rule(number) for number in range(_COUNTED_UP_TO)} | {"other"}
    for form in sorted(needed - variants):
        yield f"{key}: the plural form [{form}] of ${name} is missing, which {language!r} has"
    for form in sorted(variants & (PLURAL_FORMS - needed - set(rule.tags))):
        yield f"{key}: {language!r} has no plural form [{form}], of ${name}"
    for form in sorted(variants - PLURAL_FORMS):
        if not form.isdigit():
            yield f"{key}: [{form}] is no plural form, of ${name}"


def _lacking(key: str, entry: Message, contract: Contract) -> Iterator[str]:
    """What a catalogue that is shipped says of each value, too."""
    known, found = contract[key], uses_of(entry)
    for name, function in sorted(known.written - found.written):
        if name not in known.chosen:
            yield f"{key}: {_written(name, function)} is missing"
    for name in sorted(known.counted - found.counted):
        yield f"{key}: the plural forms of ${name} are missing"
