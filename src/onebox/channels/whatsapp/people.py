"""Who wrote: found in a message and in the contacts that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.channels.whatsapp.addresses import phone_of, user_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by what WhatsApp told of them. A phone number may be missing, and so may a user id."""

    phone: str | None
    user_id: str | None
    profile: Mapping[str, Any]

    @property
    def key(self) -> str | None:
        """What stays the same: the user id. A phone number comes and goes as the person likes."""
        return self.user_id or self.phone

    @property
    def recipient(self) -> str | None:
        """Where an answer goes. Meta asks for the phone number where it is known, and goes on telling it then."""
        return self.phone or self.user_id

    def seen_by(self, account: str) -> dict[str, Any]:
        """The `sender` of an event."""
        return {
            "id": self.recipient,
            "user_id": self.key,
            "name": _text(self.profile.get("name")),
            "username": _text(self.profile.get("username")),
            "language": None,
            "phone": f"+{self.phone}" if self.phone else None,
            "account": account,
        }


def person_of(message: Mapping[str, Any], value: Mapping[str, Any]) -> Person:
    """Who wrote a message of a body's `value`."""
    phone = phone_of(message.get("from"))
    user_id = user_id_of(message.get("from_user_id")) or user_id_of(message.get("from"))
    contact = _contact(value, phone, user_id)
    profile = contact.get("profile")
    return Person(
        phone or phone_of(contact.get("wa_id")),
        user_id or user_id_of(contact.get("user_id")),
        profile if isinstance(profile, dict) else {},
    )


def _contact(value: Mapping[str, Any], phone: str | None, user_id: str | None) -> Mapping[str, Any]:
    """The one that fits; the only one of a body's only message where neither says that it does not."""
    given = value.get("contacts")
    contacts = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    for contact in contacts:
        if (phone and contact.get("wa_id") == phone) or (user_id and contact.get("user_id") == user_id):
            return contact
    messages = value.get("messages")
    alone = len(contacts) == 1 and isinstance(messages, list) and len(messages) == 1
    return contacts[0] if alone and not _contradicts(contacts[0], phone, user_id) else {}


def _contradicts(contact: Mapping[str, Any], phone: str | None, user_id: str | None) -> bool:
    return bool((phone and contact.get("wa_id")) or (user_id and contact.get("user_id")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
