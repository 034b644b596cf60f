"""What people do, and what a bot is told of it."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from onebox.sandbox.acting import CannotAct
from onebox.sandbox.telegram.markup.entities import found
from onebox.sandbox.telegram.methods.media import medium
from onebox.sandbox.telegram.showing import key_of, show
from onebox.sandbox.telegram.world import EXPIRES_AFTER, Bot, Group, Person, Query, World

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAYS_WITHIN = 10.0

MediaKind = Literal["photo", "document", "video", "audio", "voice", "animation", "video_note", "sticker"]


class People:
    """People write, press, block and pay. `person`: a name or an id, who is made when first heard of.

    `chat`: the id of a group, without it the private chat with the bot. `bot`: its id, without it the one of `token`.
    What is returned is what the bot is told.
    """

    ACTS: ClassVar[tuple[str, ...]] = (
        "person", "group", "write", "attach", "locate", "share_contact", "edit", "react", "press", "pay", "block", "unblock",
        "deactivate", "join", "leave", "shut_out", "upgrade",
    )  # fmt: skip

    world: World
    token: str

    def _bot(self, bot: int | None) -> Bot:
        if bot is None:
            return self.world.bot(self.token)
        if bot not in self.world.bots:
            raise CannotAct(f"no bot with the id {bot} asked the sandbox yet")
        return self.world.bots[bot]

    def person(
        self,
        who: int | str = "Ana",
        *,
        started: bool = False,
        language: str = "en",
        username: str = "",
        bot: int | None = None,
    ) -> Person:
        """Makes a person. `started`: the bot may write to them already."""
        person = self.world.person(who, language=language, username=username)
        if started:
            self._bot(bot).met.add(person.id)
        return person

    def group(
        self,
        id: int,
        title: str = "Group",
        *,
        type: Literal["group", "supergroup", "channel"] = "group",
        username: str = "",
    ) -> Group:
        """Makes a group or a channel that the bots are in; `id` below 0."""
        if id >= 0:
            raise CannotAct(f"the id of a group is negative, and {id} is not")
        group = self.world.groups[id] = Group(id, title, type, username)
        return group

    # --- messages

    async def write(
        self,
        text: str,
        *,
        person: int | str = "Ana",
        chat: int | None = None,
        reply_to: int | None = None,
        bot: int | None = None,
    ) -> dict[str, Any]:
        """A text."""
        content: dict[str, Any] = {"text": text}
        if entities := list(found(text)):
            content["entities"] = entities
        return self._say(content, person, chat, bot, reply_to)

    async def attach(
        self, content: bytes, *, kind: MediaKind = "photo", name: str = "", mime: str = "", caption: str = "",
        person: int | str = "Ana", chat: int | None = None, bot: int | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A photo, a document, a voice message …"""
        name = name or ("photo.jpg" if kind == "photo" else kind)
        stored = self.world.keep(
            kind, name, mime or mimetypes.guess_type(name)[0] or "application/octet-stream", content
        )
        message = medium(stored)
        return self._say({**message, "caption": caption} if caption else message, person, chat, bot)

    async def locate(
        self, latitude: float, longitude: float, *, person: int | str = "Ana", chat: int | None = None, bot: int | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """Where someone is."""
        return self._say({"location": {"latitude": latitude, "longitude": longitude}}, person, chat, bot)

    async def share_contact(
        self, *, phone: str = "", person: int | str = "Ana", chat: int | None = None, bot: int | None = None
    ) -> dict[str, Any]:
        """One's own number, as a button of the bot may ask for."""
        who = self.world.person(person)
        contact = {"phone_number": phone or who.phone, "first_name": who.name, "user_id": who.id}
        return self._say({"contact": contact}, person, chat, bot)

    async def edit(
        self, message_id: int, text: str, *, person: int | str = "Ana", chat: int | None = None, bot: int | None = None
    ) -> dict[str, Any]:
        """Other words in a message of one's own."""
        its, who = self._bot(bot), self.world.person(person)
        message = its.messages.get((chat or who.id, message_id))
        if message is None or message.get("from", {}).get("id") != who.id:
            raise CannotAct(f"{who.name} wrote no message {message_id} in this chat")
        message |= {"text": text, "edit_date": int(self.world.time.now())}
        message.pop("entities", None)
        show(self.world, its, message)
        its.updates.add("edited_message", dict(message), chat=str(message["chat"]["id"]))
        return message

    async def react(
        self, message_id: int, emoji: str, *, person: int | str = "Ana", bot: int | None = None
    ) -> dict[str, Any]:
        """A sign on a message; bots are told only if they ask for it."""
        its, who = self._bot(bot), self.world.person(person)
        if (who.id, message_id) not in its.messages:
            raise CannotAct(f"there is no message {message_id} in the chat with {who.name}")
        told = {
            "chat": who.chat(), "message_id": message_id, "user": who.user(), "date": int(self.world.time.now()),
            "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }  # fmt: skip
        its.updates.add("message_reaction", told, chat=str(who.id))
        self.world.talk.note(f"{its.id}/{who.id}/{message_id}", f"{who.name}: {emoji}")
        return told

    def _say(
        self, content: dict[str, Any], person: int | str, chat: int | None, bot: int | None, reply_to: int | None = None
    ) -> dict[str, Any]:
        its, who = self._bot(bot), self.world.person(person)
        place: Person | Group = who
        if chat is not None and chat != who.id:
            if chat not in self.world.groups:
                raise CannotAct(f"there is no group {chat}")
            place = self.world.groups[chat]
            self.world.groups[chat].members.add(who.id)
        else:
            self._meet(its, who)
        if reply_to is not None and (place.id, reply_to) in its.messages:
            content = {**content, "reply_to_message": its.messages[place.id, reply_to]}
        message = self.world.message(its, place, who.user(), content)
        if isinstance(place, Group) and place.type == "channel":
            message["sender_chat"] = place.chat()
            del message["from"]
        kind = "channel_post" if "sender_chat" in message else "message"
        show(self.world, its, message)
        its.updates.add(kind, dict(message), chat=str(place.id))
        self.world.happened()
        return message

    def _meet(self, bot: Bot, who: Person) -> None:
        bot.met.add(who.id)
        if who.id in bot.blocked:
            self._member(bot, who, "kicked", "member")
            bot.blocked.discard(who.id)

    # --- presses and payments

    async def press(
        self,
        button: str,
        *,
        message_id: int | None = None,
        person: int | str = "Ana",
        chat: int | None = None,
        bot: int | None = None,
    ) -> Query:
        """A button by its label or its data, in the newest message that has it; the query's `answer` can be awaited."""
        its, who = self._bot(bot), self.world.person(person)
        message, found = self._button(its, chat or who.id, button, message_id)
        if "callback_data" not in found:
            raise CannotAct(f"the button {button!r} brings nothing to the bot")
        query = self.world.query(its, "callback_query", who.id, lasts=EXPIRES_AFTER)
        told = {
            "id": query.id,
            "from": who.user(),
            "message": message,
            "chat_instance": str(message["chat"]["id"]),
            "data": found["callback_data"],
        }
        its.updates.add("callback_query", told, chat=str(message["chat"]["id"]), queue=f"presses of {who.id}")
        key = key_of(its, message)
        self.world.talk.note(key, f"{who.name} pressed {found['text']}")
        query.answer.add_done_callback(lambda answer: self._show_notice(key, answer))
        return query

    def _show_notice(self, key: str, answer: asyncio.Future[dict[str, Any]]) -> None:
        if not answer.cancelled() and answer.result()["text"]:
            self.world.talk.note(key, f"notice: {answer.result()['text']}")

    def _button(
        self, bot: Bot, chat: int, wanted: str, message_id: int | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        seen: list[str] = []
        for message in self._newest(bot, chat):
            if message_id is not None and message["message_id"] != message_id:
                continue
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    if wanted in {button["text"], button.get("callback_data")}:
                        return message, button
                    seen.append(button["text"])
        known = f"; there are {', '.join(seen[:20])}" if seen else "; there is none at all"
        raise CannotAct(f"there is no button {wanted!r} in chat {chat}{known}")

    def _newest(self, bot: Bot, chat: int) -> Iterator[dict[str, Any]]:
        return (message for (where, _), message in reversed(bot.messages.items()) if where == chat)

    async def pay(
        self, message_id: int | None = None, *, person: int | str = "Ana", bot: int | None = None
    ) -> dict[str, Any]:
        """Pays an invoice, the newest without its number. `{"paid": bool, "reason": …}`; the bot has 10 s for each of its answers."""
        its, who = self._bot(bot), self.world.person(person)
        invoices = (one for one in self._newest(its, who.id) if "invoice" in one)
        message = next((one for one in invoices if message_id in {None, one["message_id"]}), None)
        if message is None:
            raise CannotAct(f"there is no invoice in the chat with {who.name}")
        kept = its.invoices[who.id, message["message_id"]]
        told = {
            "currency": message["invoice"]["currency"],
            "total_amount": message["invoice"]["total_amount"],
            "invoice_payload": kept["payload"],
        }
        try:
            if kept["flexible"]:
                await self._ask(
                    its, who, "shipping_query", {"invoice_payload": kept["payload"], "shipping_address": _ADDRESS}
                )
            await self._ask(its, who, "pre_checkout_query", told)
        except CannotAct as refused:
            self.world.talk.note(key_of(its, message), f"not paid: {refused.message}")
            return {"paid": False, "reason": refused.message}
        charge = {
            "telegram_payment_charge_id": f"tg{secrets.token_hex(8)}",
            "provider_payment_charge_id": f"pay{secrets.token_hex(8)}",
        }
        self._say({"successful_payment": {**told, **charge}}, who.id, None, its.id)
        return {"paid": True, "reason": ""}

    async def _ask(self, bot: Bot, who: Person, kind: str, told: dict[str, Any]) -> None:
        query = self.world.query(bot, kind, who.id, lasts=_PAYS_WITHIN)
        bot.updates.add(
            kind, {"id": query.id, "from": who.user(), **told}, chat=str(who.id), queue=f"payments of {who.id}"
        )
        try:
            answer = await asyncio.wait_for(asyncio.shield(query.answer), _PAYS_WITHIN)
        except TimeoutError:
            raise CannotAct(f"the bot did not answer the {kind} within {_PAYS_WITHIN:g} s") from None
        if not answer["ok"]:
            raise CannotAct(answer["error_message"])

    # --- coming and going

    async def block(self, *, person: int | str = "Ana", bot: int | None = None) -> None:
        """The bot can write to this person no more."""
        its, who = self._bot(bot), self.world.person(person)
        its.blocked.add(who.id)
        self._member(its, who, "member", "kicked")

    async def unblock(self, *, person: int | str = "Ana", bot: int | None = None) -> None:
        """The bot can write again."""
        self._meet(self._bot(bot), self.world.person(person))

    async def deactivate(self, *, person: int | str = "Ana") -> None:
        """Gives up the account."""
        self.world.person(person).deactivated = True

    async def join(self, chat: int, *, person: int | str = "Ana", bot: int | None = None) -> dict[str, Any]:
        """Comes into a group."""
        return self._comes_or_goes(chat, person, bot, comes=True)

    async def leave(self, chat: int, *, person: int | str = "Ana", bot: int | None = None) -> dict[str, Any]:
        """Leaves a group."""
        return self._comes_or_goes(chat, person, bot, comes=False)

    async def upgrade(self, chat: int, *, bot: int | None = None) -> int:
        """Makes a supergroup of a group; its new id."""
        its = self._bot(bot)
        old = self.world.groups.get(chat)
        if old is None or old.moved_to is not None:
            raise CannotAct(f"there is no group {chat} to upgrade")
        new = Group(int(f"-100{abs(chat)}"), old.title, "supergroup", old.username, set(old.members))
        self.world.groups[new.id] = new
        old.moved_to = new.id
        for place, told in (old, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": old.id}):
            its.updates.add("message", self.world.message(its, place, None, told), chat=str(place.id))
        return new.id

    def shut_out(self, seconds: float, *, bot: int | None = None) -> None:
        """Telegram has enough of a bot, and takes nothing of it for a while; 28 s to 5 hours were seen."""
        self.world.flood.shut(self._bot(bot).id, seconds, self.world.time.now())

    def _comes_or_goes(self, chat: int, person: int | str, bot: int | None, *, comes: bool) -> dict[str, Any]:
        its, who = self._bot(bot), self.world.person(person)
        group = self.world.groups.get(chat)
        if group is None:
            raise CannotAct(f"there is no group {chat}")
        (group.members.add if comes else group.members.discard)(who.id)
        told: dict[str, Any] = {"new_chat_members": [who.user()]} if comes else {"left_chat_member": who.user()}
        message = self.world.message(its, group, who.user(), told)
        its.updates.add("message", message, chat=str(chat))
        old, new = ("left", "member") if comes else ("member", "left")
        its.updates.add("chat_member", self._change(group, who, who.user(), old, new), chat=str(chat))
        return message

    def _member(self, bot: Bot, who: Person, old: str, new: str) -> None:
        bot.updates.add("my_chat_member", self._change(who, who, bot.user(), old, new), chat=str(who.id))

    def _change(self, place: Person | Group, who: Person, user: dict[str, Any], old: str, new: str) -> dict[str, Any]:
        return {
            "chat": place.chat(), "from": who.user(), "date": int(self.world.time.now()),
            "old_chat_member": {"user": user, "status": old}, "new_chat_member": {"user": user, "status": new},
        }  # fmt: skip


_ADDRESS = {
    "country_code": "ES", "state": "", "city": "Madrid", "street_line1": "1 Calle Mayor", "street_line2": "", "post_code": "28013",
}  # fmt: skip
