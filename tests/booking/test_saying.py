"""What a salon says in each of its languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onebox.app.shipped_texts import shipped_texts
from onebox.booking.reading import read_salon
from onebox.booking.saying.catalogues import Catalogues, TextMissing, own_name, plain
from onebox.booking.saying.checking import contract_of
from tests.booking.broken import WHOLE

SHIPPED = shipped_texts()
CONTRACT = contract_of(SHIPPED["en"])
LANGUAGES = ("en", "uk", "ru", "de", "he")
FRIDAY = datetime(2026, 12, 4, 16, 5, tzinfo=UTC)
ISOLATED = re.compile("[\u2068\u2069]")
LONGEST_BUTTON = 20
"""of WhatsApp"""

VALUES: dict[str, Any] = {
    "DAY": FRIDAY,
    "TIME": FRIDAY,
    "MONEY": 8550,
    "LENGTH": timedelta(minutes=90),
    "": "Olena",
}


def catalogues(languages: str = "en, uk, ru, de, he, en-GB", texts: str = "{}") -> Catalogues:
    text = WHOLE.replace("[en, de]", f"[{languages}]").replace("{en: Colour, de: Farbe}", "Colour")
    salon, faults = read_salon("booking.yaml", text.replace("{de: {greeting: Hallo}}", texts))
    assert faults == []
    assert salon is not None
    return Catalogues(SHIPPED, salon)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_said(language: str) -> None:
    for key, uses in CONTRACT.items():
        values = {name: VALUES[function] for name, function in uses.written} | dict.fromkeys(uses.counted, 3)
        said = SAID.say(language, key, **values)

        assert said.strip()
        assert "{" not in said


SAID = catalogues()


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_buttons(language: str) -> None:
    still = [key for key, uses in CONTRACT.items() if key.startswith("button-") and not uses.values]
    labels = [SAID.say(language, key) for key in still]

    assert [label for label in labels if len(label) > LONGEST_BUTTON] == []
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Friday, December 4, 5:05 PM · 1 hour and 30 minutes, €85.50"),
        ("en-GB", "Friday, 4 December, 17:05 · 1 hour and 30 minutes, €85.50"),
        ("de", "Freitag, 4. Dezember, 17:05 Uhr · 1 Stunde und 30 Minuten, 85,50 €"),
        ("uk", "пʼятниця, 4 грудня, 17:05 · 1 година і 30 хвилин, 85,50 EUR"),
        ("ru", "пятница, 4 декабря, 17:05 · 1 час и 30 минут, 85,50 €"),
        ("he", "יום שישי, 4 בדצמבר, 17:05 · 1 שעה ו-30 דקות, 85.50 €"),
    ],
)
def test_values_are_written_as_the_language_does(language: str, words: str) -> None:
    said = SAID.say(
        language, "summary", service="", staff="", start=FRIDAY, length=timedelta(minutes=90), price=8550
    ).splitlines()

    assert re.sub("[\u00a0\u202f]", " ", plain(" · ".join(said[3:]))) == words


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("en", {1: "one time is free", 2: "2 times are free", 21: "21 times are free"}),
        ("de", {1: "ein Termin ist frei", 2: "2 Termine sind frei"}),
        ("uk", {1: "1 вільний варіант", 3: "3 вільні варіанти", 11: "11 вільних варіантів", 21: "21 вільний варіант"}),
        ("ru", {1: "1 свободный вариант", 3: "3 свободных варианта", 12: "12 свободных вариантов"}),
        ("he", {1: "יש שעה פנויה אחת", 2: "יש שתי שעות פנויות", 3: "יש 3 שעות פנויות"}),
    ],
)
def test_what_is_counted_has_its_form(language: str, counted: dict[int, str]) -> None:
    for count, words in counted.items():
        assert plain(SAID.say(language, "free-times", day=date(2026, 12, 4), count=count)).endswith(words)


def test_names_are_isolated_in_sentences_and_not_on_buttons() -> None:
    sentence = SAID.say("he", "reminder-soon", service="Cut", staff="Olena", start=FRIDAY)

    assert "\u2068Olena\u2069" in sentence
    assert ISOLATED.search(SAID.say("he", "button-pay", amount=8550)) is None


def test_an_address_stands_alone() -> None:
    said = SAID.say("de", "price-to-pay", price=8500, until=FRIDAY, link="https://pay.example/7?a=b")

    assert said.endswith(" https://pay.example/7?a=b")


def test_a_name_turns_nothing_around_it() -> None:
    said = SAID.say("en", "cancelled", service="\u202eevil\u2069", start=FRIDAY)

    assert "\u2068evil\u2069" in said


@given(some.text(max_size=30))
def test_isolation_is_closed_for_any_name(name: str) -> None:
    said = SAID.say("uk", "appointment-line", service=name, staff=name, start=FRIDAY)

    assert said.count("\u2068") == said.count("\u2069") > 0
    assert plain(said).count(plain(name)) >= 2


def test_a_salons_own_text_stands_above_the_shipped_one() -> None:
    own = catalogues("de, en", '{de: {greeting: "Grüß Gott!\\n\\nWas darf es sein?", button-pay: "{MONEY($amount)}"}}')

    assert own.say("de", "greeting") == "Grüß Gott!\n\nWas darf es sein?"
    assert own.say("de", "button-yes") == "Ja"
    assert own.say("en", "button-yes") == "Yes"


def test_a_language_without_a_catalogue_is_said_in_the_salons_first_then_in_english() -> None:
    own = catalogues("fr, de", "{fr: {button-yes: Oui}}")

    assert [own.say(language, "button-yes") for language in ("fr", "it", "de")] == ["Oui", "Oui", "Ja"]
    assert own.say("fr", "button-no") == "No"


def test_an_own_text_that_cannot_be_said_gives_way_to_the_shipped_one() -> None:
    own = catalogues("de, en", '{de: {nearest: "{ $nothing }", closed-then: "{ DAY("}}')

    assert own.say("de", "nearest") == SAID.say("de", "nearest")
    assert own.say("de", "closed-then") == SAID.say("de", "closed-then")


def test_what_no_catalogue_can_say_is_a_fault_of_the_program() -> None:
    with pytest.raises(TextMissing, match="no text 'greting' in 'de'"):
        SAID.say("de", "greting")
    with pytest.raises(TextMissing, match="no text 'paid' in 'de'"):
        SAID.say("de", "paid", amount="85,50")


def test_languages_are_named_by_themselves() -> None:
    assert [own_name(language) for language in LANGUAGES] == ["English", "Українська", "Русский", "Deutsch", "עברית"]


def test_a_day_is_written_on_the_salons_clock() -> None:
    late = datetime(2026, 12, 4, 23, 30, tzinfo=UTC)

    assert SAID.say("de", "button-day", day=late) == "Sa., 5. Dez."
