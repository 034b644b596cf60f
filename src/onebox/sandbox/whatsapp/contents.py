"""What a business may send: each kind of message, checked as the Graph API checks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.sandbox.talk import Choice
from onebox.sandbox.whatsapp.refusals import INVALID, MISSING, PARAMETER, UNSUPPORTED, Refused
from onebox.sandbox.whatsapp.templates import template_of
from onebox.sandbox.whatsapp.world import Button

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.sandbox.whatsapp.world import Medium, World

_TEXT = 4096
_BODY = 1024
_SHORT = 60
_TITLE = 20
_ROW_TITLE = 24
_ROW_DESCRIPTION = 72
_ID = 256
_ROW_ID = 200
_BUTTONS = 3
_ROWS = 10


@dataclass
class Content:
    """What a person sees of a message, and what they can press."""

    text: str = ""
    buttons: dict[str, Button] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)
    medium: Medium | None = None
    medium_kind: str = ""
    is_template: bool = False


def content_of(world: World, body: dict[str, Any]) -> Content:
    """The content of a message of any kind. Raises Refused."""
    kind = body.get("type", "text")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(UNSUPPORTED, f"Message type {kind!r} is not supported")
    inner = body.get(kind)
    if inner is None:
        raise Refused(MISSING, f"Parameter '{kind}' is missing")
    if kind == "contacts":
        return _contacts(inner)
    if not isinstance(inner, dict):
        raise Refused(PARAMETER, f"Param {kind} must be a JSON object.")
    return KINDS[kind](world, inner)


def text_at(value: dict[str, Any], path: str, most: int, *, name: str = "") -> str:
    """The text at the end of a path of keys. Raises Refused if there is none, or it is too long."""
    found: Any = value
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    told = f"{name}.{path}" if name else path
    if found is None or found == "":
        raise Refused(MISSING, f"Parameter '{told}' is missing")
    if not isinstance(found, str):
        raise Refused(PARAMETER, f"Param {told} must be a string.")
    if len(found) > most:
        raise Refused(PARAMETER, f"Param {told} must be at most {most} characters long.")
    return found


def _text(_world: World, inner: dict[str, Any]) -> Content:
    return Content(text_at(inner, "body", _TEXT, name="text"))


def _template(world: World, inner: dict[str, Any]) -> Content:
    text, buttons = template_of(world.templates, inner).filled(inner)
    return Content(text, buttons, _choices(buttons), is_template=True)


def _location(_world: World, inner: dict[str, Any]) -> Content:
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        try:
            is_right = abs(float(inner.get(name, ""))) <= most
        except (TypeError, ValueError):
            is_right = False
        if not is_right:
            raise Refused(PARAMETER, f"Param location.{name} must be a number from -{most:g} to {most:g}.")
    named = ", ".join(str(inner[key]) for key in ("name", "address") if inner.get(key))
    return Content(f"location {inner['latitude']}, {inner['longitude']}{f': {named}' if named else ''}")


def _contacts(inner: Any) -> Content:
    if not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
        raise Refused(PARAMETER, "Param contacts must be a non-empty array of objects.")
    names = [text_at(one, "name.formatted_name", _BODY, name="contacts") for one in inner]
    return Content(f"contact {', '.join(names)}")


def _reaction(world: World, inner: dict[str, Any]) -> Content:
    target = text_at(inner, "message_id", _BODY, name="reaction")
    if target not in world.messages:
        raise Refused(INVALID, "reaction.message_id is no message of this chat")
    emoji = inner.get("emoji", "")
    if not isinstance(emoji, str):
        raise Refused(PARAMETER, "Param reaction.emoji must be a string.")
    return Content(emoji)


def _medium(kind: str) -> Callable[[World, dict[str, Any]], Content]:
    def checked(world: World, inner: dict[str, Any]) -> Content:
        caption = text_at(inner, "caption", _BODY, name=kind) if inner.get("caption") else ""
        if caption and kind in {"audio", "sticker"}:
            raise Refused(PARAMETER, f"Param {kind}.caption is not allowed.")
        if "id" in inner:
            medium = world.media.get(str(inner["id"]))
            if medium is None:
                raise Refused(INVALID, f"{kind}.id {inner['id']!r} is no uploaded medium")
            return Content(caption, medium=medium, medium_kind=kind)
        link = text_at(inner, "link", 2048, name=kind)
        if not link.startswith(("http://", "https://")):
            raise Refused(PARAMETER, f"Param {kind}.link must be an http or https address.")
        return Content(caption or link, medium_kind=kind)

    return checked


# --- interactive messages


def _interactive(_world: World, inner: dict[str, Any]) -> Content:
    kind = inner.get("type")
    text = text_at(inner, "body.text", _TEXT if kind == "list" else _BODY, name="interactive")
    for part in ("footer", "header"):
        if part in inner and (
            part == "footer" or (isinstance(inner[part], dict) and inner[part].get("type") == "text")
        ):
            told = text_at(inner, f"{part}.text", _SHORT, name="interactive")
            text = f"{told}\n{text}" if part == "header" else f"{text}\n{told}"
    action = inner.get("action")
    if not isinstance(action, dict):
        raise Refused(MISSING, "Parameter 'interactive.action' is missing")
    if kind == "button":
        buttons = _reply_buttons(action)
        return Content(text, buttons, _choices(buttons))
    if kind == "list":
        rows = _rows(action)
        return Content(text, rows, _choices(rows))
    if kind == "cta_url":
        return Content(text, {}, [_link(action)])
    raise Refused(UNSUPPORTED, f"Interactive type {kind!r} is not supported")


def _reply_buttons(action: dict[str, Any]) -> dict[str, Button]:
    given = action.get("buttons")
    if not isinstance(given, list) or not 1 <= len(given) <= _BUTTONS:
        raise Refused(INVALID, f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {_BUTTONS}")
    buttons: dict[str, Button] = {}
    for index, one in enumerate(given):
        name = f"interactive.action.buttons[{index}]"
        if not isinstance(one, dict):
            raise Refused(PARAMETER, f"Param {name} must be a JSON object.")
        key, title = text_at(one, "reply.id", _ID, name=name), text_at(one, "reply.title", _TITLE, name=name)
        if key in buttons or title in {button.title for button in buttons.values()}:
            raise Refused(INVALID, f"{name}: ids and titles of buttons must be unique")
        buttons[key] = Button(key, title, "button_reply")
    return buttons


def _rows(action: dict[str, Any]) -> dict[str, Button]:
    text_at(action, "button", _TITLE, name="interactive.action")
    sections = action.get("sections")
    if not isinstance(sections, list) or not sections or not all(isinstance(one, dict) for one in sections):
        raise Refused(MISSING, "Parameter 'interactive.action.sections' is missing")
    rows: dict[str, Button] = {}
    for section in sections:
        if len(sections) > 1:
            text_at(section, "title", _ROW_TITLE, name="interactive.action.sections")
        given = section.get("rows")
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise Refused(MISSING, "Parameter 'interactive.action.sections.rows' is missing")
        for row in given:
            button = _row(row)
            if button.id in rows:
                raise Refused(INVALID, f"interactive.action.sections: the row id {button.id!r} is there twice")
            rows[button.id] = button
    if not 1 <= len(rows) <= _ROWS:
        raise Refused(INVALID, f"Total row count exceed max allowed count: {_ROWS}")
    return rows


def _row(row: dict[str, Any]) -> Button:
    name = "interactive.action.sections.rows"
    description = text_at(row, "description", _ROW_DESCRIPTION, name=name) if row.get("description") else ""
    return Button(
        text_at(row, "id", _ROW_ID, name=name), text_at(row, "title", _ROW_TITLE, name=name), "list_reply", description
    )


def _link(action: dict[str, Any]) -> Choice:
    if action.get("name") != "cta_url":
        raise Refused(INVALID, "interactive.action.name must be cta_url")
    label = text_at(action, "parameters.display_text", _TITLE, name="interactive.action")
    url = text_at(action, "parameters.url", 2000, name="interactive.action")
    if not url.startswith(("http://", "https://")):
        raise Refused(INVALID, "interactive.action.parameters.url must be an http or https address")
    return Choice(label, "open", url)


def _choices(buttons: dict[str, Button]) -> list[Choice]:
    return [Choice(button.title, "press", button.id) for button in buttons.values()]


KINDS: dict[str, Callable[[World, dict[str, Any]], Content]] = {
    "text": _text,
    "template": _template,
    "interactive": _interactive,
    "location": _location,
    "contacts": lambda _world, inner: _contacts(inner),
    "reaction": _reaction,
    **{kind: _medium(kind) for kind in ("image", "document", "audio", "video", "sticker")},
}
