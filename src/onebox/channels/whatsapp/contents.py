"""What `send` may give for WhatsApp, and what it goes out as: texts, buttons, lists, files, templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from onebox.channels.whatsapp.templates import Template, template_of
from onebox.messaging.choices import Choice, choices_of, numbered
from onebox.messaging.content import Body, body_of, check_keys, invalid, text_at
from onebox.messaging.markup.formats import to_whatsapp
from onebox.messaging.media import Media, media_of
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST_TEXT = 4096
LONGEST_WITH_MORE = 1024
"""of a text with buttons or a list, and of a caption"""
NEEDS = ("text", "markdown", "template", "media", "message_template")
_MOST_BUTTONS, _BUTTON_TITLE = 3, 20
_MOST_ROWS, _ROW_TITLE, _ROW_DESCRIPTION = 10, 24, 72
_OPENS_LIST = "Options"
_KEYS = ("choices", "choices_title", "media", "message_template", "reply_to", "link_preview", "edit", "follows")
_OF_A_PART = ("text", "markdown", "media", "choices", "choices_title", "reply_to", "edit", "follows")
_WITH_CAPTION = {"photo", "video", "document"}
MEDIA_TYPES = {"photo": "image", "video": "video", "document": "document", "audio": "audio", "voice": "audio"}

Shape = Literal["buttons", "list", "link", "numbers"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One message. `follows`: it is not the first part, so a template that stood for the first stands for it too."""

    body: Body | None
    choices: tuple[Choice, ...]
    media: tuple[Media, ...]
    template: Template | None
    list_title: str
    reply_to: str | None
    link_preview: bool
    follows: bool

    @property
    def shape(self) -> Shape | None:
        """How the choices are shown."""
        return _shape(self.choices)

    @property
    def text(self) -> str:
        """The text as WhatsApp shows it, with the choices that it cannot show otherwise."""
        text = _shown(self.body) if self.body else ""
        return numbered(text, self.choices) if self.shape == "numbers" else text

    @property
    def template_alone(self) -> bool:
        """Whether there is nothing to say but the template."""
        return self.template is not None and self.body is None and not self.media


def units(text: str) -> int:
    """The length as WhatsApp counts it, or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The contents of the messages that a content goes out as. Raises DeliveryFailed, as `draft_of` does."""
    if content.get("action") is not None:
        return [content]
    draft = draft_of(content)
    rest = {key: value for key, value in content.items() if key not in _OF_A_PART}
    pieces = list(_pieces(content, draft))
    if draft.reply_to is not None:
        pieces[0] = {**pieces[0], "reply_to": draft.reply_to}
    return [{**rest, **piece, **({"follows": True} if number else {})} for number, piece in enumerate(pieces)]


def draft_of(content: Mapping[str, Any]) -> Draft:
    """What the content says. Raises DeliveryFailed for what WhatsApp could make nothing of."""
    check_keys(content, _KEYS)
    if isinstance(content.get("to"), list):
        raise invalid("to is a list, and WhatsApp takes one person at a time", "send to several with each")
    draft = Draft(
        body=_body(content),
        choices=choices_of(content),
        media=media_of(content),
        template=template_of(content),
        list_title=_list_title(content),
        reply_to=text_at(content, "reply_to"),
        link_preview=_link_preview(content),
        follows=content.get("follows") is True,
    )
    if draft.body is None and (draft.choices or not (draft.media or draft.template)):
        raise invalid("text is missing", "give one of text, markdown and template, or media, or a message_template")
    return draft


def _body(content: Mapping[str, Any]) -> Body | None:
    given = any(content.get(key) is not None for key in ("text", "markdown"))
    body = body_of(content, known=_KEYS) if given else None
    if body is not None and not _shown(body).strip():
        raise invalid(f"{body.key} is empty", "a message needs at least one character that can be seen")
    return body


def _list_title(content: Mapping[str, Any]) -> str:
    title = text_at(content, "choices_title") or _OPENS_LIST
    if units(title) > _BUTTON_TITLE:
        raise invalid(f"choices_title is longer than {_BUTTON_TITLE} characters: {title!r:.80}")
    return title


def _link_preview(content: Mapping[str, Any]) -> bool:
    value = content.get("link_preview")
    if value is None or isinstance(value, bool):
        return value is not False
    raise invalid(f"link_preview must be true or false, got {value!r:.80}")


# --- parts --------------------------------------------------------------------------------------------------------


def _pieces(content: Mapping[str, Any], draft: Draft) -> Iterator[Mapping[str, Any]]:
    """Files go first, the text with the only one if it can; choices go with the end of the text."""
    given = content.get("media")
    media = [given] if isinstance(given, dict) else list(given or [])
    chosen = {key: content[key] for key in ("choices", "choices_title") if key in content}
    if draft.body is None:
        yield from ({"media": [one]} for one in media)
        if not media:
            yield {}
        return
    if _goes_with_text(draft):
        yield {"media": media, draft.body.key: draft.body.text, **chosen}
        return
    yield from ({"media": [one]} for one in media)
    *first, last = _texts(draft, draft.body)
    yield from ({draft.body.key: text} for text in first)
    yield {draft.body.key: last, **chosen}


def _goes_with_text(draft: Draft) -> bool:
    """A caption stands below a file; above buttons the file is their header. A list has no place for one."""
    alone = len(draft.media) == 1 and draft.media[0].kind in _WITH_CAPTION
    return alone and draft.shape != "list" and units(draft.text) <= LONGEST_WITH_MORE


def _texts(draft: Draft, body: Body) -> list[str]:
    """The text in pieces that fit, the last of them together with the choices."""

    def length(text: str) -> int:
        return units(_shown(Body(text, body.markdown)))

    last_limit = LONGEST_WITH_MORE if draft.choices else LONGEST_TEXT
    if draft.shape == "numbers":
        last_limit = LONGEST_TEXT - units(numbered("-", draft.choices))
        if last_limit < 1:
            raise invalid(f"choices are longer than the {LONGEST_TEXT} characters that WhatsApp takes")
    *first, last = split(body.text, LONGEST_TEXT, length, markdown=body.markdown)
    return [*first, *split(last, last_limit, length, markdown=body.markdown)]


# --- what the API takes -------------------------------------------------------------------------------------------


def message_of(draft: Draft, file: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The message as the API takes it, but for its recipient. `file` is where the bytes of its media are."""
    media = draft.media[0] if draft.media and file is not None else None
    answers = {"context": {"message_id": draft.reply_to}} if draft.reply_to else {}
    if draft.shape in {"buttons", "list", "link"}:
        interactive = _interactive(draft)
        if media is not None:
            interactive["header"] = {"type": MEDIA_TYPES[media.kind], MEDIA_TYPES[media.kind]: file}
        return {**answers, "type": "interactive", "interactive": interactive}
    if media is not None:
        kind = MEDIA_TYPES[media.kind]
        caption = {"caption": draft.text} if draft.text else {}
        return {**answers, "type": kind, kind: {**(file or {}), **caption}}
    return {**answers, "type": "text", "text": {"body": draft.text, "preview_url": draft.link_preview}}


def _interactive(draft: Draft) -> dict[str, Any]:
    body = {"body": {"text": draft.text}}
    if draft.shape == "buttons":
        replies = [{"id": choice.id, "title": choice.title} for choice in draft.choices]
        return {"type": "button", **body, "action": {"buttons": [{"type": "reply", "reply": one} for one in replies]}}
    if draft.shape == "link":
        [choice] = draft.choices
        leads = {"display_text": choice.title, "url": choice.url}
        return {"type": "cta_url", **body, "action": {"name": "cta_url", "parameters": leads}}
    rows = [_row(choice) for choice in draft.choices]
    return {"type": "list", **body, "action": {"button": draft.list_title, "sections": [{"rows": rows}]}}


def _row(choice: Choice) -> dict[str, str]:
    described = {"description": choice.description} if choice.description else {}
    return {"id": choice.id, "title": choice.title, **described}


def _shape(choices: Sequence[Choice]) -> Shape | None:
    if not choices:
        return None
    if any(choice.url for choice in choices):
        [first, *others] = choices
        web = (first.url or "").startswith(("https://", "http://"))
        short = units(first.title) <= _BUTTON_TITLE and not first.description
        return "link" if web and short and not others else "numbers"
    titles = [choice.title for choice in choices]
    if len(set(titles)) < len(titles):
        return "numbers"
    longest = max(map(units, titles))
    described = max(units(choice.description or "") for choice in choices)
    if len(choices) <= _MOST_BUTTONS and longest <= _BUTTON_TITLE and not described:
        return "buttons"
    fits = len(choices) <= _MOST_ROWS and longest <= _ROW_TITLE and described <= _ROW_DESCRIPTION
    return "list" if fits else "numbers"


def _shown(body: Body) -> str:
    return to_whatsapp(body.text) if body.markdown else body.text
