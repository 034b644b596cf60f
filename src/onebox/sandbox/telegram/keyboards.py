"""`reply_markup`: what Telegram takes for buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.sandbox.talk import Choice
from onebox.sandbox.telegram.markup.entities import is_address
from onebox.sandbox.telegram.refusals import bad

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call

_ACTIONS = (
    "callback_data", "url", "login_url", "web_app", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
_LONGEST_DATA = 64
_MOST_BUTTONS = 100


def markup_of(call: Call) -> dict[str, Any] | None:
    """The keyboard of a call. Raises Refused."""
    value = call.json("reply_markup", "can't parse reply keyboard markup JSON object")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in value:
        rows = _rows(value["inline_keyboard"], "inline_keyboard")
        if sum(map(len, rows)) > _MOST_BUTTONS:
            raise bad("reply markup is too long")
        kept = [[_inline(button) for button in row] for row in rows if row]
        return {"inline_keyboard": kept} if kept else None
    if "keyboard" in value:
        rows = _rows(value["keyboard"], "keyboard")
        return {**value, "keyboard": [[_button(button) for button in row] for row in rows]}
    return value if value.get("remove_keyboard") is True or value.get("force_reply") is True else None


def choices_of(markup: dict[str, Any] | None) -> list[Choice]:
    """The buttons, as a person sees them."""
    if not markup:
        return []
    inline = [button for row in markup.get("inline_keyboard", ()) for button in row]
    below = [button for row in markup.get("keyboard", ()) for button in row]
    return [*map(_inline_choice, inline), *map(_choice, below)]


def _rows(value: Any, name: str) -> list[list[Any]]:
    if not isinstance(value, list):
        raise bad(f'field "{name}" must be of type Array')
    for row in value:
        if not isinstance(row, list):
            raise bad(f'field "{name}" must be an Array of Arrays')
    return value


def _inline(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    actions = [name for name in _ACTIONS if name in button]
    if not actions or not button["text"].strip():
        raise bad("Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode("utf-8", "replace")) <= _LONGEST_DATA:
            raise bad("BUTTON_DATA_INVALID")
    elif "url" in button and not is_address(button["url"]):
        raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return button


def _button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse keyboard button: Can't find field \"text\"")
    return button


def _inline_choice(button: dict[str, Any]) -> Choice:
    if "callback_data" in button:
        return Choice(button["text"], "press", button["callback_data"])
    if button.get("pay"):
        return Choice(button["text"], "pay")
    return Choice(button["text"], "open", str(button.get("url", "")))


def _choice(button: dict[str, Any]) -> Choice:
    if button.get("request_contact"):
        return Choice(button["text"], "contact")
    if button.get("request_location"):
        return Choice(button["text"], "location")
    return Choice(button["text"], "text", button["text"])
