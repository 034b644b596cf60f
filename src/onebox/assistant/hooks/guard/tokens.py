"""Values with the shape of a live token."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.assistant.hooks.guard.places import Places

# What a text must hold for the shape to be looked for: most texts hold none of these, and then nothing is compiled.
# In each shape the last group is the part that nobody can guess; the whole, where there is no group.
_SHAPES = (
    ("a Telegram bot token", (":",), r":([A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])"),
    ("a Stripe key", ("k_live_", "k_test_"), r"\b[sr]k_(?:live|test)_([A-Za-z0-9]{16,})"),
    ("a Stripe webhook secret", ("whsec_",), r"\bwhsec_([A-Za-z0-9+/]{24,})"),
    ("an AWS access key", ("AKIA", "ASIA"), r"(?<![A-Za-z0-9+/])(?:AKIA|ASIA)([A-Z0-9]{16})(?![A-Za-z0-9+/=])"),
    (
        "an AWS secret key",
        ("ecret", "ECRET"),
        r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s*[=:]>?\s*[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    (
        "a private key",
        ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]|[\"'+,\\]|[A-Z][\w-]+: [^\n\\]*)*([A-Za-z0-9+/]{40})",
    ),
    ("an age key", ("AGE-SECRET-KEY-",), r"\bAGE-SECRET-KEY-1([A-Z0-9]{50,})"),
    ("a GitHub token", ("gh", "github_pat_"), r"\b(?:gh[pousr]_|github_pat_)([A-Za-z0-9_]{36,})"),
    ("a GitLab token", ("glpat-",), r"\bglpat-([A-Za-z0-9_-]{20,})"),
    ("a Slack token", ("xox", "xapp-"), r"\b(?:xox[abeoprs]|xapp)-([A-Za-z0-9-]{20,})"),
    ("a Slack webhook", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows)/T\w+/\w+/(\w{20,})"),
    ("a Discord webhook", ("/api/webhooks/",), r"discord(?:app)?\.com/api/webhooks/\d{17,}/([\w-]{60,})"),
    ("a Google API key", ("AIza",), r"(?<![\w/+-])AIza([A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])"),
    ("a Google secret", ("GOCSPX-", "ya29."), r"\b(?:GOCSPX-|ya29\.)([A-Za-z0-9_-]{28,})"),
    ("an Anthropic key", ("sk-ant-",), r"\bsk-ant-(?:[a-z]+\d*-)?([A-Za-z0-9_-]{32,})"),
    ("an OpenAI key", ("sk-",), r"(?<![\w-])sk-(?:(?:proj|svcacct|admin|None)-([A-Za-z0-9_-]{32,})|[A-Za-z0-9]{48}\b)"),
    ("a SendGrid key", ("SG.",), r"\bSG\.([A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50})"),
    ("a Twilio key", ("SK",), r"(?<![A-Za-z0-9+/])SK([0-9a-f]{32})(?![A-Za-z0-9+/=])"),
    ("a WhatsApp or Facebook token", ("EAA",), r"(?<![A-Za-z0-9+/=_-])EAA([A-Za-z0-9]{60,})(?![A-Za-z0-9+/=_-])"),
    ("an npm token", ("npm_",), r"\bnpm_([A-Za-z0-9]{36})\b"),
    ("a PyPI token", ("pypi-AgE",), r"\bpypi-AgE([A-Za-z0-9_-]{50,})"),
    ("a Hugging Face token", ("hf_",), r"\bhf_([A-Za-z0-9]{34,})\b"),
    ("a DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_([a-f0-9]{64})\b"),
    ("a Shopify token", ("shp",), r"\bshp(?:at|ss|ca|pa)_([0-9a-fA-F]{32})\b"),
    ("a Mailgun key", ("key-",), r"(?<![\w-])key-([0-9a-f]{32})(?![\w-])"),
)
_WORDS = (
    "example sample placeholder your-token your_token yourtoken your-key your_key yourkey your-secret your_secret changeme"
    " change_me change-me redacted dummy fake notreal not-real not_real replace insert xxxx 0000 ...."
).split()
# Printed in the documentation of those who give out tokens, and copied from there ever since.
_PRINTED = ("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "4eC39HqLyjWDarjtT1zdp7dc", "BQokikJOvBiI2HlWgH4olfQ2")
_FEWEST_LETTERS = 6
_SHORTEST_ID, _LONGEST_ID = 8, 10
_A_ROW = 0.85


def token_reason(text: str, path: str, places: Places, cwd: str) -> str | None:
    """Why this text must not be written there."""
    kind = live_token(text)
    if kind is None or not places.tracked(path, cwd=cwd):
        return None
    return f"what is written has the shape of {kind}, and git keeps `{path}`"


def live_token(text: str) -> str | None:
    """What kind of live token a text holds, such as "a Telegram bot token"; None when there is none.

    A placeholder is none: `xxxx`, EXAMPLE, letters in a row, what documentation prints."""
    return next((kind for kind, _, _ in _tokens_in(text)), None)


def without_tokens(text: str) -> str:
    """The text with `…` for the part of each live token that nobody can guess."""
    for _, start, end in sorted(_tokens_in(text), key=_start, reverse=True):
        text = text[:start] + "…" + text[end:]
    return text


def _start(token: tuple[str, int, int]) -> int:
    return token[1]


def _tokens_in(text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, where the part that nobody can guess begins, and where it ends) of each."""
    for kind, hints, shape in _SHAPES:
        if not any(hint in text for hint in hints):
            continue
        for found in re.finditer(shape, text):
            if kind == "a Telegram bot token" and not _after_id(text, found.start()):
                continue
            if not _placeholder(found[found.lastindex or 0]):
                yield kind, *found.span(found.lastindex or 0)


def _after_id(text: str, colon: int) -> bool:
    """Whether the number of a bot stands before the colon. (Looked for from the colon, which is quick.)"""
    start = colon
    while start > 0 and colon - start <= _LONGEST_ID and text[start - 1].isdigit():
        start -= 1
    before = text[start - 1 : start]
    # A token follows `bot` in an address of the Bot API.
    free = not (before.isalnum() or before in {"_", "-", "."}) or text[max(0, start - 3) : start] == "bot"
    return _SHORTEST_ID <= colon - start <= _LONGEST_ID and free


def _placeholder(secret: str) -> bool:
    low = secret.lower()
    if any(word in low for word in _WORDS) or secret.endswith(_PRINTED):
        return True
    in_a_row = sum(ord(after) - ord(before) in {0, 1} for before, after in zip(low, low[1:]))
    return len(set(low)) < _FEWEST_LETTERS or in_a_row > _A_ROW * len(low)
