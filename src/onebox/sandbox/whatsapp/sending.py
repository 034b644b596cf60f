"""Takes a business's messages, and tells what became of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from onebox.sandbox.talk import Line, Part
from onebox.sandbox.whatsapp.contents import content_of, text_at
from onebox.sandbox.whatsapp.refusals import (
    INVALID,
    MISSING,
    PARAMETER,
    UNDELIVERABLE,
    Refused,
)
from onebox.sandbox.whatsapp.refusals import WINDOW as WINDOW_CLOSED
from onebox.sandbox.whatsapp.world import Message

if TYPE_CHECKING:
    from onebox.sandbox.whatsapp.callback import Callback
    from onebox.sandbox.whatsapp.contents import Content
    from onebox.sandbox.whatsapp.world import Person, World

WhenClosed = Literal["refuse", "fail"]
_LONGEST_OPAQUE = 512


class Sending:
    """`when_closed`: what is said outside the 24 hours, at once, or with a `failed` status."""

    def __init__(self, world: World, callback: Callback, when_closed: WhenClosed) -> None:
        self._world = world
        self._callback = callback
        self._when_closed = when_closed
        self.refusals: list[tuple[int, str | None]] = []
        """the codes that the next messages are refused with, and to whom, None: to anyone"""

    def take(self, body: dict[str, Any]) -> dict[str, Any]:
        """What `/messages` answers. Raises Refused."""
        if body.get("messaging_product") != "whatsapp":
            raise Refused(PARAMETER, "Param messaging_product must be one of {WHATSAPP}")
        if body.get("status") == "read":
            return self._mark_read(body)
        given, person = self._recipient(body)
        kind = str(body.get("type", "text"))
        content = content_of(self._world, body)
        context = self._context(body)
        self._refuse_if_told(person)
        self._world.limits.check(person.chat if person else given, self._world.time.now())
        failure = self._failure(person, content)
        if failure is not None and failure.code == WINDOW_CLOSED and self._when_closed == "refuse":
            raise failure
        made = self._world.new_id()
        if person is not None:
            self._arrive(person, made, kind, content, body, context, failure)
        self._tell_statuses(person, given, made, body, failure)
        return self._accepted(person, given, made, content)

    def _refuse_if_told(self, person: Person | None) -> None:
        chat = person.chat if person else None
        for index, (code, who) in enumerate(self.refusals):
            if who is None or who == chat:
                del self.refusals[index]
                raise Refused(code)

    def _recipient(self, body: dict[str, Any]) -> tuple[str, Person | None]:
        if body.get("recipient_type", "individual") != "individual":
            raise Refused(PARAMETER, "Param recipient_type must be one of {INDIVIDUAL}")
        given = body.get("to", body.get("recipient"))
        if given is None or given == "":
            raise Refused(MISSING, "The parameter to is required.")
        if not isinstance(given, str) or not re.fullmatch(
            r"\+?[\d ()-]{5,25}|[A-Z]{2}\.[A-Za-z0-9.]{1,128}", given, re.ASCII
        ):
            raise Refused(INVALID, "to must be a phone number, or recipient a user_id")
        return given, self._world.find(given)

    def _context(self, body: dict[str, Any]) -> str:
        context = body.get("context")
        if context is None:
            return ""
        if not isinstance(context, dict):
            raise Refused(PARAMETER, "Param context must be a JSON object.")
        opaque = body.get("biz_opaque_callback_data", "")
        if not isinstance(opaque, str) or len(opaque) > _LONGEST_OPAQUE:
            raise Refused(
                PARAMETER, f"Param biz_opaque_callback_data must be a string of at most {_LONGEST_OPAQUE} characters."
            )
        return text_at(context, "message_id", 1024, name="context")

    def _failure(self, person: Person | None, content: Content) -> Refused | None:
        if person is None or not person.reachable:
            return Refused(UNDELIVERABLE)
        if not content.is_template and not self._world.is_open(person):
            return Refused(WINDOW_CLOSED)
        return None

    def _arrive(
        self,
        person: Person,
        id: str,
        kind: str,
        content: Content,
        body: dict[str, Any],
        context: str,
        failure: Refused | None,
    ) -> None:
        self._world.messages[id] = Message(id, person.wa_id, from_business=True, buttons=content.buttons)
        self._world.sends(person, id, kind, content.text, body)
        if kind == "reaction":
            self._world.talk.note(body["reaction"]["message_id"], f"reaction: {content.text}" if content.text else "")
            return
        medium = f"/sandbox/files/{content.medium.id}" if content.medium else None
        self._world.talk.say(
            Line(
                person.name, None, self._world.time.now(), id, id, text=content.text, parts=[Part(content.text)],
                choices=content.choices, media=medium, media_kind=content.medium_kind,
                note=f"failed: {failure.details}" if failure else ("in answer" if context else ""),
            )
        )  # fmt: skip

    def _tell_statuses(
        self, person: Person | None, given: str, id: str, body: dict[str, Any], failure: Refused | None
    ) -> None:
        if failure is not None:
            self.tell_status(person, given, id, "failed", body, [failure.in_status()])
            return
        assert person is not None
        states = ["sent"] if person.blocks else ["sent", "delivered", *(["read"] if person.reads else [])]
        for state in states:
            self.tell_status(person, given, id, state, body, [])

    def tell_status(
        self, person: Person | None, given: str, id: str, state: str, body: dict[str, Any], errors: list[Any]
    ) -> None:
        """Tells the business what became of a message."""
        status: dict[str, Any] = {"id": id, "status": state, "timestamp": str(int(self._world.time.now()))}
        if person is None:
            status["recipient_id"] = re.sub(r"\D", "", given)
        else:
            status["recipient_user_id"] = person.user_id
            if not person.hides_number:
                status["recipient_id"] = person.wa_id
        if errors:
            status["errors"] = errors
        if body.get("biz_opaque_callback_data"):
            status["biz_opaque_callback_data"] = body["biz_opaque_callback_data"]
        self._world.statuses[state] += 1
        self._callback.tell("statuses", status)

    def _accepted(self, person: Person | None, given: str, id: str, content: Content) -> dict[str, Any]:
        contact: dict[str, Any] = {"input": given}
        if person is None or not person.hides_number:
            contact["wa_id"] = person.wa_id if person else re.sub(r"\D", "", given)
        if person is not None:
            contact["user_id"] = person.user_id
        message = {"id": id, "message_status": "accepted"} if content.is_template else {"id": id}
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}

    def _mark_read(self, body: dict[str, Any]) -> dict[str, Any]:
        named = body.get("message_id")
        message = self._world.messages.get(named) if isinstance(named, str) else None
        if message is None or message.from_business:
            raise Refused(INVALID, f"message_id {json.dumps(named)[:100]} is no message of a person")
        typing = body.get("typing_indicator")
        if typing is not None and typing != {"type": "text"}:
            raise Refused(PARAMETER, "Param typing_indicator.type must be one of {TEXT}")
        self._world.talk.note(message.id, "read, and an answer is being written" if typing else "read")
        self._world.happened()
        return {"success": True}
