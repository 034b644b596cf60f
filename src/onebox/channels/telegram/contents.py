"""What a message of Telegram brings beside its words: media, a place, a contact, a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.reading import integer, mapping, mappings, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = {
    # Telegram's field: the kind by which channels can send it on, its MIME type where Telegram tells none
    "document": ("document", None),
    "video": ("video", "video/mp4"),
    "audio": ("audio", "audio/mpeg"),
    "voice": ("voice", "audio/ogg"),
    "video_note": ("video", "video/mp4"),
    "sticker": ("document", "image/webp"),
}
_PAYMENTS = ("successful_payment", "refunded_payment")


def media_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files of a message, without the account. Of a picture, the largest size; what moves without sound
    (`animation`) comes as a document too, and is one."""
    found = [_largest(message.get("photo"))]
    for field, (kind, usual_type) in _FILES.items():
        found.append(_file(kind, mapping(message.get(field)), usual_type))
    return [file for file in found if file is not None]


def _largest(sizes: Any) -> dict[str, Any] | None:
    most = max(mappings(sizes), key=_area, default={})
    return _file("photo", most, "image/jpeg")


def _area(size: Mapping[str, Any]) -> int:
    return (integer(size.get("width")) or 0) * (integer(size.get("height")) or 0)


def _file(kind: str, file: Mapping[str, Any], usual_type: str | None) -> dict[str, Any] | None:
    file_id = text(file.get("file_id"))
    if file_id is None:
        return None
    return {
        "kind": kind,
        "id": file_id,
        "name": text(file.get("file_name")),
        "type": text(file.get("mime_type")) or usual_type,
        "size": integer(file.get("file_size")),
    }


def location_of(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """A place; one with a name and an address is a venue."""
    venue = mapping(message.get("venue"))
    point = mapping(message.get("location") or venue.get("location"))
    latitude, longitude = number(point.get("latitude")), number(point.get("longitude"))
    if latitude is None or longitude is None:
        return None
    return {
        "latitude": latitude,
        "longitude": longitude,
        "name": text(venue.get("title")),
        "address": text(venue.get("address")),
    }


def contact_of(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Somebody's phone number: `user_id` tells whose, if they are on Telegram."""
    contact = mapping(message.get("contact"))
    phone = text(contact.get("phone_number"))
    if phone is None:
        return None
    return {"name": full_name(contact), "phone": phone, "user_id": integer(contact.get("user_id"))}


def payment_of(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """Money that was paid or given back, or that is about to be: `amount` in the smallest unit of the currency, and
    `payload` as the invoice had it. `id` is Telegram's number of the payment, `provider_id` the provider's."""
    paid = next((part[kind] for kind in _PAYMENTS if isinstance(part.get(kind), dict)), part)
    payload = paid.get("invoice_payload")
    if not isinstance(payload, str):
        return None
    return {
        "payload": payload,
        "currency": text(paid.get("currency")),
        "amount": integer(paid.get("total_amount")),
        "id": text(paid.get("telegram_payment_charge_id")),
        "provider_id": text(paid.get("provider_payment_charge_id")),
        "refunded": paid is part.get("refunded_payment"),
        "order": dict(mapping(paid.get("order_info"))) or None,
    }


def full_name(person: Mapping[str, Any]) -> str | None:
    """First and last name; of a group, its title."""
    names = [text(person.get(key)) for key in ("first_name", "last_name")]
    return " ".join(name for name in names if name) or text(person.get("title"))
