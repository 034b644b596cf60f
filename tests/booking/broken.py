"""Salons with a slip in each, by what is wrong."""

from __future__ import annotations

WHOLE = """\
time_zone: Europe/Berlin
currency: EUR
languages: [en, de]
policies: {lead_time: 2h, horizon: 60d, slot_step: 15m}
staff:
  olena:
    name: Olena
    languages: [uk, de]
    hours: {mon-fri: "09:00-13:00, 14:00-18:00", sat: "20:00-02:00"}
    exceptions: {2026-12-24: closed, 2026-12-30: "10:00-14:00"}
    holidays: [2026-12-31..2027-01-06]
  marko: {name: Marko, hours: {tue: "09:00-17:00"}}
places: {chair: 2, room: 1}
services:
  colour:
    name: {en: Colour, de: Farbe}
    duration: 90m
    before: 5m
    after: 10m
    gap: {after: 30m, length: 30m}
    price: "85.00"
    deposit: "20.00"
    staff: [olena]
    needs: [chair]
  cut: {name: Cut, duration: 45m, price: 40}
texts: {de: {greeting: Hallo}}
"""


def _with(*changes: tuple[str, str]) -> str:
    text = WHOLE
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


BROKEN: dict[str, str] = {
    # --- the file ---
    "an empty file": "",
    "a list": "- currency: EUR\n",
    "no YAML": "staff: {olena: [\n",
    "a key twice": _with(("currency: EUR\n", "currency: EUR\ncurrency: UAH\n")),
    "nothing but a currency": "currency: EUR\n",
    "an unknown key": _with(("texts:", "text:")),
    "a time zone": _with(("Europe/Berlin", "Europe/Berln")),
    "a currency": _with(("EUR", "EURO")),
    "a currency of small letters": _with(("EUR", "eur")),
    "a currency that is a number": _with(("EUR", "7")),
    "a country for a language": _with(("[en, de]", "[en, de, ua]")),
    "a language twice": _with(("[en, de]", "[en, de, en]")),
    "no languages": _with(("[en, de]", "[]"), ("{en: Colour, de: Farbe}", "Colour"), ("{de: {greeting: Hallo}}", "{}")),
    "texts of a language that is not spoken": _with(("{de: {greeting", "{fr: {greeting")),
    # --- policies ---
    "an unknown policy": _with(("lead_time", "lead")),
    "a policy that is no duration": _with(("2h", "two hours")),
    "a policy with seconds": _with(("2h", "90s")),
    "a step that does not divide a day": _with(("15m", "7m")),
    "no step": _with(("15m", "0m")),
    "a horizon of years": _with(("60d", "800d")),
    "a lead time beyond the horizon": _with(("2h", "61d")),
    "a lead time as long as the horizon": _with(("2h", "60d")),
    # --- staff ---
    "a name of capital letters": _with(("  marko:", "  Marko:")),
    "a person without hours": _with((', hours: {tue: "09:00-17:00"}', "")),
    "a person who is a text": _with(('{name: Marko, hours: {tue: "09:00-17:00"}}', "Marko")),
    "a language of a person": _with(("[uk, de]", "[uk, gr]")),
    "a day of the week": _with(("mon-fri", "mon-fry")),
    "a day of the week in capitals": _with(("mon-fri", "Mon-Fri")),
    "a day with hours twice": _with(("sat:", "fri:")),
    "hours without minutes": _with(("09:00-13:00", "9-13")),
    "hours that are on no clock": _with(("09:00-13:00", "09:60-25:00")),
    "hours that overlap": _with(("14:00-18:00", "12:00-18:00")),
    "hours without length": _with(("20:00-02:00", "20:00-20:00")),
    "hours that begin at 24:00": _with(("20:00-02:00", "24:00-02:00")),
    "a night that meets the next day": _with(('sat: "20:00-02:00"', 'sat: "20:00-02:00", sun: "01:00-03:00"')),
    "hours that are a list": _with(("closed", "[closed]")),
    "a date": _with(("2026-12-24", "24.12.2026")),
    "a date that is in no calendar": _with(("2026-12-24", "2026-02-30")),
    "an exception within the holidays": _with(("2026-12-30:", "2027-01-02:")),
    "holidays that end before they begin": _with(("2027-01-06", "2026-12-30")),
    # --- places ---
    "no chair": _with(("chair: 2", "chair: 0")),
    "half a chair": _with(("chair: 2", "chair: 1.5")),
    "a place that is called staff": _with(("chair: 2", "chair: 2, staff: 1")),
    # --- services ---
    "a service without a price": _with((", price: 40", "")),
    "an unknown key of a service": _with(("before:", "bevore:")),
    "a name that lacks a language": _with((", de: Farbe", "")),
    "a name in a language that is not spoken": _with(("de: Farbe", "de: Farbe, fr: Couleur")),
    "a name that is a number": _with(("name: Cut", "name: 7")),
    "no duration": _with(("45m", "0m")),
    "a duration that is a number": _with(("45m", "45")),
    "a duration of days": _with(("45m", "2d")),
    "a buffer of days": _with(("before: 5m", "before: 25h")),
    "a gap that reaches the end": _with(("length: 30m", "length: 60m")),
    "a gap at the start": _with(("{after: 30m", "{after: 0m")),
    "half a gap": _with((", length: 30m", "")),
    "a price with too many digits": _with(('"85.00"', "85.123")),
    "a price with a sign": _with(('"85.00"', '"85 €"')),
    "a price that is a list": _with(("40}", "[40]}")),
    "a deposit above the price": _with(('"20.00"', "90")),
    "staff who do not work there": _with(("[olena]", "[olna]")),
    "staff twice": _with(("[olena]", "[olena, olena]")),
    "nobody does it": _with(("[olena]", "[]")),
    "a place that is not there": _with(("[chair]", "[chiar]")),
    "what nobody has the hours for": _with(("45m", "9h")),
    # --- all at once ---
    "many slips": _with(("EUR", "EURO"), ("mon-fri", "mon-fry"), ("[chair]", "[chiar]"), ("15m", "7m"), ("45m", "9h")),
}
