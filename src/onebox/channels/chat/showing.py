"""Entries and the page as HTML. Whatever people and flows wrote is escaped; nothing is styled or run from within."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from onebox.channels.chat.words import RIGHT_TO_LEFT, WORDS
from onebox.messaging.markup.formats import to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onebox.channels.chat.words import Language, Words
    from onebox.messaging.transcripts import ChatEntry

MOST_BUTTONS = 12
"""more choices are numbered, so that they can be typed as well as pressed"""
LONGEST_TEXT = 4096
"""characters that a person may write at once"""

_PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<base target="_blank">
<link rel="stylesheet" href="{base}/chat.css">
<script src="{base}/chat.js" defer></script>
</head>
<body data-base="{base}" data-lost="{lost}" data-refused="{refused}">
<main>
<h1 dir="auto">{title}</h1>
<div id="log" role="log" aria-live="polite" aria-label="{title}" tabindex="0" data-after="{after}">
{greeting}<ol id="entries">
{entries}</ol>
</div>
<p id="typing" role="status" hidden><bdi>{title}</bdi> {typing}</p>
<p id="note" role="alert" hidden></p>
<form id="write" method="post" action="{base}/messages" enctype="multipart/form-data" target="_self">
<input type="hidden" name="id" value="{id}">
<label for="text">{write}</label>
<textarea id="text" name="text" rows="2" maxlength="{longest}" dir="auto"></textarea>
<label for="file">{attach}</label>
<input id="file" name="file" type="file">
<button>{send}</button>
</form>
<noscript><p><a href="{base}" target="_self">{refresh}</a></p></noscript>
</main>
</body>
</html>
"""
_REFUSAL = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{refused}</title>
<link rel="stylesheet" href="{base}/chat.css">
</head>
<body>
<main>
<h1>{refused}</h1>
<p dir="auto">{reason}</p>
<p><a href="{base}">{back}</a></p>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How an account's page looks, and on which sites it may be shown in a window."""

    title: str = "Chat"
    greeting: str | None = None
    language: Language = "en"
    allow_origins: Sequence[str] | Literal["any"] = ()

    @property
    def words(self) -> Words:
        """What the page says of itself."""
        return WORDS[self.language]


class Showing:
    """Makes HTML for the account whose page is at `base`. `new_id()` makes the id of what may be sent next."""

    def __init__(self, *, base: str, look: Look, new_id: Callable[[], str]) -> None:
        self._base = base
        self._look = look
        self._new_id = new_id

    def page(self, entries: Sequence[ChatEntry]) -> str:
        """The whole conversation, with a form that needs no script."""
        look, words = self._look, self._look.words
        greeting = f'<p class="greeting" dir="auto">{escape(look.greeting)}</p>\n' if look.greeting else ""
        return _PAGE.format(
            **self._shared(),
            title=escape(look.title),
            lost=escape(words.lost),
            after=max((entry.changed for entry in entries), default=0),
            greeting=greeting,
            entries="".join(self.entry(entry) for entry in entries),
            typing=escape(words.typing),
            id=self._new_id(),
            write=escape(words.write),
            attach=escape(words.attach),
            send=escape(words.send),
            refresh=escape(words.refresh),
            longest=LONGEST_TEXT,
        )

    def refusal(self, reason: str) -> str:
        """For who has no script."""
        sentence = f"{reason[:1].upper()}{reason[1:]}."
        return _REFUSAL.format(**self._shared(), reason=escape(sentence), back=escape(self._look.words.back))

    def entry(self, entry: ChatEntry) -> str:
        """One entry, an item of the list."""
        body, who = entry.body, self._look.words.you if entry.direction == "in" else self._look.title
        shown = [
            _text(body),
            *(self._medium(entry, number, medium) for number, medium in enumerate(body.get("media", ()))),
            _location(body.get("location")),
            self._choices(entry),
        ]
        at = f'<time datetime="{entry.at.isoformat(timespec="seconds")}">{entry.at:%H:%M} UTC</time>'
        said = f'<span class="who"><bdi>{escape(who)}</bdi>: </span>{"".join(shown)}'
        return f'<li id="m{entry.position}" class="{entry.direction}">{said}{at}</li>\n'

    def address(self, entry: ChatEntry, number: int) -> str:
        """Where a medium of an entry is to be had."""
        url = entry.body["media"][number].get("url")
        return str(url) if url else f"{self._base}/files/{entry.position}/{number}"

    def _medium(self, entry: ChatEntry, number: int, medium: Mapping[str, Any]) -> str:
        address = escape(self.address(entry, number))
        name = escape(medium.get("name") or medium["kind"])
        # Of a picture from elsewhere, a page that came by https shows no other.
        if medium["kind"] == "photo" and not address.startswith("http:"):
            shown = f'<img src="{address}" alt="{name}" loading="lazy" referrerpolicy="no-referrer">'
        else:
            shown = f"<bdi>{name}</bdi>"
        return f'<p class="medium"><a href="{address}" rel="noopener noreferrer">{shown}</a></p>'

    def _choices(self, entry: ChatEntry) -> str:
        choices = entry.body.get("choices", ())
        if not choices:
            return ""
        items = "".join(f"<li>{_choice(choice)}</li>" for choice in choices)
        kind = "ul" if len(choices) <= MOST_BUTTONS else "ol"
        return (
            f'<form class="choices" method="post" action="{self._base}/messages" target="_self">'
            f'<input type="hidden" name="message" value="{entry.position}">'
            f'<input type="hidden" name="id" value="{self._new_id()}">'
            f'<{kind} aria-label="{escape(self._look.words.choose)}">{items}</{kind}></form>'
        )

    def _shared(self) -> dict[str, str]:
        language = self._look.language
        return {
            "language": language,
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
            "base": self._base,
            "refused": escape(self._look.words.refused),
        }


def _text(body: Mapping[str, Any]) -> str:
    if "markdown" in body:
        return f'<div class="said" dir="auto">{to_html(body["markdown"])}</div>'
    text = body.get("text")
    return f'<p class="said plain" dir="auto">{escape(text)}</p>' if text else ""


def _choice(choice: Mapping[str, str]) -> str:
    more = f" <small>{escape(choice['description'])}</small>" if choice.get("description") else ""
    shown = f"<bdi>{escape(choice['title'])}</bdi>{more}"
    if choice.get("url"):
        return f'<a href="{escape(choice["url"])}" rel="noopener noreferrer">{shown}</a>'
    return f'<button name="choice" value="{escape(choice["id"])}">{shown}</button>'


def _location(location: Mapping[str, Any] | None) -> str:
    if not location:
        return ""
    place = f"{location['latitude']:.5f}, {location['longitude']:.5f}"
    name = location.get("name")
    return f'<p class="said" dir="auto">📍 {escape(f"{name} ({place})" if name else place)}</p>'
