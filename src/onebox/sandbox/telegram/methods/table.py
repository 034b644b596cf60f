"""Which methods there are; their names are read in small or capital letters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.methods import answers, asking, chats, editing, media, texts

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, World

Handler = Callable[["World", "Bot", "Call"], Awaitable[Any]]

_NAMED: dict[str, Handler] = {
    "getMe": chats.get_me,
    "getUpdates": asking.get_updates,
    "setWebhook": asking.set_webhook,
    "deleteWebhook": asking.delete_webhook,
    "getWebhookInfo": asking.get_webhook_info,
    "sendMessage": texts.send_message,
    "sendPhoto": media.sending("photo"),
    "sendDocument": media.sending("document"),
    "sendVideo": media.sending("video"),
    "sendAudio": media.sending("audio"),
    "sendVoice": media.sending("voice"),
    "sendAnimation": media.sending("animation"),
    "sendVideoNote": media.sending("video_note"),
    "sendSticker": media.sending("sticker"),
    "sendMediaGroup": media.send_media_group,
    "sendLocation": texts.send_location,
    "sendVenue": texts.send_venue,
    "sendContact": texts.send_contact,
    "sendChatAction": texts.send_chat_action,
    "copyMessage": texts.copy_message,
    "forwardMessage": texts.forward_message,
    "setMessageReaction": texts.set_message_reaction,
    "getFile": media.get_file,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "answerCallbackQuery": answers.answer_callback_query,
    "answerPreCheckoutQuery": answers.answer_pre_checkout_query,
    "answerShippingQuery": answers.answer_shipping_query,
    "sendInvoice": answers.send_invoice,
    "getChat": chats.get_chat,
    "getChatMember": chats.get_chat_member,
    "leaveChat": chats.leave_chat,
    "setMyCommands": chats.set_my_commands,
    "getMyCommands": chats.get_my_commands,
    "deleteMyCommands": chats.delete_my_commands,
}
METHODS = {name.lower(): (name, handler) for name, handler in _NAMED.items()}
"""by the name in small letters: the name as it is documented, and what carries it out"""
