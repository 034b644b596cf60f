"""The languages of salons and of the people who work there: ISO 639-1, and a country where it matters."""

from __future__ import annotations

import re

from onebox.kernel.nearest import did_you_mean

LANGUAGES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
_COUNTRIES = {"ua": "uk", "gr": "el", "cz": "cs", "jp": "ja", "cn": "zh", "dk": "da", "iw": "he", "il": "he"} | {
    "us": "en",
    "gb": "en",
    "at": "de",
    "by": "be",
    "kz": "kk",
    "ge": "ka",
    "rs": "sr",
}
_FORM = re.compile(r"([a-z]{2})(-[A-Z]{2})?")


def language_problem(text: str) -> str | None:
    """What is wrong with a language's code; None if nothing.

    >>> language_problem("uk"), language_problem("pt-BR")
    (None, None)
    >>> language_problem("ua")
    "'ua' is no language of ISO 639-1; did you mean 'uk'?"
    """
    found = _FORM.fullmatch(text)
    if found and found[1] in LANGUAGES:
        return None
    meant = _COUNTRIES.get(text.lower())
    near = f"; did you mean {meant!r}?" if meant else did_you_mean(text.lower(), sorted(LANGUAGES))
    return f"{text!r} is no language of ISO 639-1{near or ', such as en, de or pt-BR'}"


def base_language(language: str) -> str:
    """
    >>> base_language("pt-BR"), base_language("de")
    ('pt', 'de')
    """
    return language.partition("-")[0]
