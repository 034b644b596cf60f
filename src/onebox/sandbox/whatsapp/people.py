"""What people do, and what the business is told of it."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from onebox.sandbox.acting import CannotAct
from onebox.sandbox.talk import Line, Part
from onebox.sandbox.whatsapp.refusals import CODES
from onebox.sandbox.whatsapp.templates import Template
from onebox.sandbox.whatsapp.world import Message, Person, World

if TYPE_CHECKING:
    from onebox.sandbox.whatsapp.callback import Callback
    from onebox.sandbox.whatsapp.sending import Sending
    from onebox.sandbox.whatsapp.world import Button

MediaKind = Literal["photo", "image", "document", "audio", "voice", "video", "sticker"]


class People:
    """People write, press, read and block. `person`: a name, a number or a user_id, who is made when first heard of.

    What is returned is the message as the business is told of it.
    """

    ACTS: ClassVar[tuple[str, ...]] = (
        "person", "template", "point_to", "refuse", "write", "attach", "locate", "share_contact", "press", "react", "send_unsupported",
        "change_number", "read", "block", "unblock",
    )  # fmt: skip

    world: World
    callback: Callback
    sending: Sending

    def person(
        self, who: str = "Ana", *, username: str = "", hides_number: bool = False, reachable: bool = True, reads: bool = True,
        has_written: bool = False,
    ) -> Person:  # fmt: skip
        """Makes a person. `has_written`: just now, so that anything may be sent to them."""
        person = self.world.person(who)
        person.username, person.hides_number, person.reachable, person.reads = username, hides_number, reachable, reads
        if has_written:
            person.wrote_at = self.world.time.now()
        return person

    def template(
        self, name: str, body: str, *, language: str = "en_US", header: str = "", buttons: list[str] | None = None
    ) -> Template:
        """Approves a template."""
        template = Template(name, language, body, header, tuple(buttons or ()))
        self.world.templates[name, language] = template
        return template

    async def point_to(self, url: str, verify_token: str) -> None:
        """Sets the webhook, as the business does in Meta's console. Raises CannotAct if it does not answer the challenge."""
        await self.callback.point_to(url, verify_token)

    def refuse(self, code: int, *, person: str | None = None, times: int = 1) -> None:
        """Lets the next messages be refused with a code, such as 131048."""
        if code not in CODES:
            raise CannotAct(f"{code} is no code that the sandbox knows; there are {', '.join(map(str, sorted(CODES)))}")
        chat = self.world.person(person).chat if person is not None else None
        self.sending.refusals += [(code, chat)] * times

    # --- messages

    async def write(self, text: str, *, person: str = "Ana", reply_to: str | None = None) -> dict[str, Any]:
        """A text."""
        return self._say(person, "text", {"body": text}, text, context=reply_to)

    async def attach(
        self,
        content: bytes,
        *,
        kind: MediaKind = "photo",
        name: str = "",
        mime: str = "",
        caption: str = "",
        person: str = "Ana",
    ) -> dict[str, Any]:
        """A photo, a document, a voice message …"""
        told = {"photo": "image", "voice": "audio"}.get(kind, kind)
        name = name or f"{told}.jpg"
        mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        medium = self.world.keep(mime, name, content)
        body: dict[str, Any] = {"id": medium.id, "mime_type": mime, "sha256": hashlib.sha256(content).hexdigest()}
        if caption:
            body["caption"] = caption
        if told == "document":
            body["filename"] = name
        if told == "audio":
            body["voice"] = kind == "voice"
        return self._say(person, told, body, caption, media=f"/sandbox/files/{medium.id}")

    async def locate(self, latitude: float, longitude: float, *, person: str = "Ana") -> dict[str, Any]:
        """Where someone is."""
        return self._say(
            person, "location", {"latitude": latitude, "longitude": longitude}, f"location {latitude:g}, {longitude:g}"
        )

    async def share_contact(self, *, name: str = "", phone: str = "", person: str = "Ana") -> dict[str, Any]:
        """A contact; without a name, the person's own."""
        who = self.world.person(person)
        contact = {
            "name": {"formatted_name": name or who.name, "first_name": name or who.name},
            "phones": [{"phone": f"+{phone or who.wa_id}", "wa_id": phone or who.wa_id, "type": "CELL"}],
        }
        return self._say(person, "contacts", [contact], f"contact {name or who.name}")

    async def press(self, button: str, *, message_id: str | None = None, person: str = "Ana") -> dict[str, Any]:
        """A button, a row of a list or a template's quick reply, by its title or its id, in the newest message that has it."""
        message, found = self._button(self.world.person(person), button, message_id)
        if found.kind == "button":
            return self._say(
                person, "button", {"payload": found.id, "text": found.title}, found.title, context=message.id
            )
        reply = {"id": found.id, "title": found.title}
        if found.description:
            reply["description"] = found.description
        return self._say(
            person, "interactive", {"type": found.kind, found.kind: reply}, found.title, context=message.id
        )

    async def react(self, message_id: str, emoji: str, *, person: str = "Ana") -> dict[str, Any]:
        """A sign on a message; an empty one takes it away."""
        if message_id not in self.world.messages:
            raise CannotAct(f"there is no message {message_id}")
        return self._say(
            person,
            "reaction",
            {"message_id": message_id, "emoji": emoji} if emoji else {"message_id": message_id},
            f"reaction: {emoji}",
        )

    async def send_unsupported(self, *, person: str = "Ana") -> dict[str, Any]:
        """Something that the Graph API does not pass on, such as a poll."""
        told = {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
        return self._say(
            person, "unsupported", {"type": "poll_creation"}, "something that is not supported", more={"errors": [told]}
        )

    async def change_number(self, number: str, *, person: str = "Ana") -> dict[str, Any]:
        """Another phone number; the user_id changes with it."""
        who = self.world.person(person)
        old, was = who.wa_id, who.chat
        if number in self.world.people or not number.isdigit():
            raise CannotAct(f"{number} is not a new number of digits alone")
        self.world.people[number] = self.world.people.pop(old)
        who.wa_id, who.user_id = number, f"US.1349{int(number):014d}"
        told = {
            "body": f"User {who.name} changed from {old} to {number}",
            "wa_id": number,
            "type": "user_changed_number",
        }
        message = {
            "id": self.world.new_id(),
            "timestamp": str(int(self.world.time.now())),
            "from": was,
            "type": "system",
            "system": told,
        }
        self.callback.tell("messages", message)
        return message

    def _say(
        self, person: str, kind: str, body: Any, shown: str, *, context: str | None = None, media: str | None = None, more: dict[str, Any] | None = None
    ) -> dict[str, Any]:  # fmt: skip
        who = self.world.person(person)
        who.wrote_at, who.blocks = self.world.time.now(), False
        message: dict[str, Any] = {
            "id": self.world.new_id(),
            "timestamp": str(int(who.wrote_at)),
            "from_user_id": who.user_id,
        }
        if not who.hides_number:
            message["from"] = who.wa_id
        if context:
            message["context"] = {"from": self.world.account.display_phone_number, "id": context}
        message |= {"type": kind, kind: body, **(more or {})}
        self.world.messages[message["id"]] = Message(message["id"], who.wa_id, from_business=False)
        parts = [Part(shown)] if shown else []
        media_kind = kind if media else ""
        self.world.talk.say(
            Line(
                who.name,
                who.name,
                who.wrote_at,
                message["id"],
                message["id"],
                text=shown,
                parts=parts,
                media=media,
                media_kind=media_kind,
            )
        )
        self.callback.tell("messages", message, who.contact())
        self.world.happened()
        return message

    def _button(self, who: Person, wanted: str, message_id: str | None) -> tuple[Message, Button]:
        seen: list[str] = []
        for message in reversed(self.world.messages.values()):
            if message.person != who.wa_id or message_id not in {None, message.id}:
                continue
            for button in message.buttons.values():
                if wanted in {button.id, button.title}:
                    return message, button
                seen.append(button.title)
        known = f"; there are {', '.join(seen[:20])}" if seen else "; there is none at all"
        raise CannotAct(f"there is no button {wanted!r} in the chat with {who.name}{known}")

    # --- what becomes of the business's messages

    async def read(self, message_id: str, *, person: str = "Ana") -> None:
        """Reads a message, if the person does not do so at once."""
        if message_id not in self.world.messages:
            raise CannotAct(f"there is no message {message_id}")
        who = self.world.person(person)
        self.sending.tell_status(who, who.chat, message_id, "read", {}, [])

    async def block(self, *, person: str = "Ana") -> None:
        """What is sent is delivered no more; the business is not told why."""
        self.world.person(person).blocks = True

    async def unblock(self, *, person: str = "Ana") -> None:
        """It is delivered again."""
        self.world.person(person).blocks = False
