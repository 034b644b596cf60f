"""Texts are compared with the English ones: no key, value, function or plural form is missing, and none is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.app.shipped_texts import shipped_texts
from onebox.booking.reading import read_salon
from onebox.booking.saying.checking import check_catalogues, check_texts
from tests.booking.broken import WHOLE

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

SHIPPED = shipped_texts()
GERMAN = """\
greeting = Hallo
nearest = { $count ->
    [one] ein Termin
   *[other] { $count } Termine
}
paid = { MONEY($amount) }
start = { DAY($start) }, { TIME($start) }
"""
CATALOGUES = {
    "a key that is missing": ("de", "greeting = Hallo\n", ""),
    "a key that is unknown": ("de", "greeting", "greetings"),
    "a key twice": ("de", "paid", "greeting"),
    "a value that is missing": ("de", "{ TIME($start) }", "Uhr"),
    "a value that is unknown": ("de", "{ TIME($start) }", "{ TIME($begin) }"),
    "a value without its function": ("de", "{ MONEY($amount) }", "{ $amount }"),
    "a function that is unknown": ("de", "DAY(", "DATE("),
    "a form of a day that is unknown": ("de", "DAY($start)", 'DAY($start, form: "tiny")'),
    "a plural form that is missing": ("uk", "ein", "ein"),
    "a plural form that the language has not": ("de", "[one]", "[few]"),
    "a form that is none": ("de", "[one]", "[uno]"),
    "no plural forms": ("de", GERMAN[GERMAN.index("{ $count ->") : GERMAN.index("paid")], "{ $count } Termine\n"),
    "another text within": ("de", "Hallo", "{ paid }"),
    "no Fluent": ("de", "{ MONEY($amount) }", "{ MONEY($amount }"),
    "parts of a text": ("de", "Hallo", "Hallo\n    .short = Hi"),
}
OWN = {
    "a key that is unknown": '{de: {greting: "Hallo"}}',
    "a value that is unknown": '{de: {booked: "Bis bald, { $client }!"}}',
    "a link that is left out": '{de: {price-to-pay: "Bitte { MONEY($price) } zahlen"}}',
    "an empty text": '{de: {greeting: " "}}',
    "no Fluent": '{de: {greeting: "Hallo {"}}',
    "a plural form that is missing": '{de: {my-appointments: "{ $count ->\\n *[other] { $count } Termine\\n}"}}',
}
TAKEN = {
    "values that are left out": '{de: {booked: "Bis bald!"}}',
    "several lines": '{de: {greeting: "Hallo!\\n\\nWas darf es sein?"}}',
    "a number without plural forms": '{de: {my-appointments: "Termine: { $count }"}}',
    "what looks like another text": '{de: {greeting: "Hallo\\nnearest = x"}}',
}


def test_the_shipped_catalogues_are_whole() -> None:
    assert set(SHIPPED) == {"en", "uk", "ru", "de", "he"}
    assert check_catalogues(SHIPPED) == []


@pytest.mark.parametrize("slip", CATALOGUES)
def test_a_slip_of_a_catalogue_is_told(slip: str, snapshot: SnapshotAssertion) -> None:
    language, before, after = CATALOGUES[slip]
    assert before in GERMAN
    faults = check_catalogues({"en": GERMAN, language: GERMAN.replace(before, after, 1)})

    assert faults
    assert "\n".join(map(str, faults)) == snapshot


@pytest.mark.parametrize("slip", OWN)
def test_a_slip_of_an_own_text_is_told(slip: str, snapshot: SnapshotAssertion) -> None:
    faults = own_faults(OWN[slip])

    assert faults
    assert faults == snapshot


@pytest.mark.parametrize("text", TAKEN)
def test_an_own_text_is_free_to_say_less(text: str) -> None:
    assert own_faults(TAKEN[text]) == ""


def test_a_language_without_a_catalogue_needs_every_text(snapshot: SnapshotAssertion) -> None:
    assert own_faults("{fr: {button-yes: Oui, button-no: Non}}", "[en, fr]") == snapshot


def test_a_country_has_the_texts_of_its_language() -> None:
    assert own_faults("{}", "[en-GB, de-AT]") == ""


def own_faults(texts: str, languages: str = "[en, de]") -> str:
    text = WHOLE.replace("{de: {greeting: Hallo}}", texts).replace("[en, de]", languages)
    text = text.replace("{en: Colour, de: Farbe}", "Colour")
    salon, faults = read_salon("booking.yaml", text)
    assert faults == []
    assert salon is not None
    return "\n".join(map(str, check_texts("booking.yaml", text, salon, SHIPPED)))
