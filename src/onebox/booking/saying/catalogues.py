"""The texts of a salon in its languages: its own above those that are shipped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from onebox.booking.languages import base_language
from onebox.booking.saying.entries import FIRST_LANGUAGE, entries_of, entry_of
from onebox.booking.saying.values import STEERING, functions, locale_of, prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fluent.runtime import FluentBundle

    from onebox.booking.salon import Salon

BUTTON = "button-"
_ISOLATED_ADDRESS = re.compile("\u2068((?:https?|tel|mailto):[^\u2069\\s]+)\u2069")


class TextMissing(LookupError):
    """No catalogue can say this key with these values: a fault of the program, for the shipped ones are checked."""


def plain(text: str) -> str:
    """A text without marks that steer the direction of writing: for what is compared, such as buttons and data behind
    them.

    >>> plain("\u2068Olena\u2069, 17:00")
    'Olena, 17:00'
    """
    return STEERING.sub("", text)


class Catalogues:
    """Says what a salon says. `shipped` has a catalogue of Fluent for each language (`en` among them); the texts of
    the salon stand above them. Making one reads nothing yet: each language when it is first spoken."""

    def __init__(self, shipped: Mapping[str, str], salon: Salon) -> None:
        self._shipped = shipped
        self._salon = salon
        self._zone = ZoneInfo(salon.time_zone)
        self._bundles: dict[tuple[str, str, bool], FluentBundle | None] = {}

    def say(self, language: str, key: str, **values: Any) -> str:
        """The text of a key. Raises TextMissing.

        Values are aware instants or dates (DAY, TIME), minor units of the salon's currency (MONEY), timedeltas
        (LENGTH), numbers that are counted, and words. Each is isolated by U+2068 and U+2069, so that a name in
        another direction turns nothing around it; labels of buttons and addresses are not.

        What the language lacks is said in the language without its country, then in the salon's first, then in
        English; an own text that cannot be said with these values gives way to the shipped one. `check_texts` tells
        of both.
        """
        given = {name: prepared(value, self._zone) for name, value in values.items()}
        for bundle in self._chain(language):
            said = _said(bundle, key, given)
            if said is not None:
                return plain(said) if key.startswith(BUTTON) else _ISOLATED_ADDRESS.sub(r"\1", said)
        raise TextMissing(f"no text {key!r} in {language!r} can be said with {', '.join(values) or 'no values'}")

    def _chain(self, language: str) -> Iterator[FluentBundle]:
        wanted = (language, base_language(language), self._salon.languages[0], FIRST_LANGUAGE)
        for code in dict.fromkeys(wanted):
            # English in Britain has the words of English, and dates of its own.
            spoken = language if base_language(code) == base_language(language) else code
            for own in (True, False):
                bundle = self._bundle(code, spoken, own=own)
                if bundle is not None:
                    yield bundle

    def _bundle(self, language: str, spoken: str, *, own: bool) -> FluentBundle | None:
        known = (language, spoken, own)
        if known not in self._bundles:
            self._bundles[known] = self._made(language, spoken, own=own)
        return self._bundles[known]

    def _made(self, language: str, spoken: str, *, own: bool) -> FluentBundle | None:
        from fluent.runtime import FluentBundle
        from fluent.syntax.ast import Resource

        if own:
            texts = self._salon.texts.get(language, {})
            body: list[Any] = [entry for key, text in texts.items() if (entry := entry_of(key, text)) is not None]
        else:
            body = entries_of(self._shipped.get(language, ""))
        if not body:
            return None
        locale = locale_of(spoken)
        bundle = FluentBundle([str(locale)], functions=functions(locale, self._salon.currency))
        bundle.add_resource(Resource(body))
        return bundle


def own_name(language: str) -> str:
    """What a language calls itself, for a button.

    >>> own_name("de"), own_name("uk")
    ('Deutsch', 'Українська')
    """
    name = locale_of(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def _said(bundle: FluentBundle, key: str, values: dict[str, Any]) -> str | None:
    if not bundle.has_message(key):
        return None
    pattern = bundle.get_message(key).value
    if pattern is None:
        return None
    said, errors = bundle.format_pattern(pattern, values)
    return None if errors else str(said)
