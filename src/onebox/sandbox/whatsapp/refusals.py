"""How the Graph API says no: a code, a title, and what is wrong in words."""

from __future__ import annotations

import hashlib
from typing import Any

TOKEN = 190
PARAMETER = 100
MISSING = 131008
INVALID = 131009
WINDOW = 131047
UNDELIVERABLE = 131026
PAIR_RATE = 131056
THROUGHPUT = 130429
UNSUPPORTED = 131051
TEMPLATE_COUNT = 132000
TEMPLATE_UNKNOWN = 132001
MEDIA = 131053

_KNOWN = {
    TOKEN: (401, "Invalid OAuth access token - Cannot parse access token"),
    PARAMETER: (400, "Invalid parameter"),
    MISSING: (400, "Required parameter is missing"),
    INVALID: (400, "Parameter value is not valid"),
    WINDOW: (400, "Re-engagement message"),
    UNDELIVERABLE: (400, "Message undeliverable"),
    PAIR_RATE: (429, "(Business Account, Consumer Account) pair rate limit hit"),
    THROUGHPUT: (429, "Rate limit hit"),
    UNSUPPORTED: (400, "Unsupported message type"),
    TEMPLATE_COUNT: (400, "Number of parameters does not match the expected number of params"),
    TEMPLATE_UNKNOWN: (404, "Template name does not exist in the translation"),
    MEDIA: (400, "Media upload error"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131016: (503, "Service unavailable"),
    131042: (400, "Business eligibility payment issue"),
    131048: (429, "Spam rate limit hit"),
    131052: (400, "Media download error"),
    132012: (400, "Parameter format does not match format in the created template"),
    133010: (400, "Account not registered"),
}
_DETAILS = {
    WINDOW: "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    UNDELIVERABLE: "Message Undeliverable.",
    PAIR_RATE: "Too many messages sent from the sender phone number to the same recipient phone number in a short period of time.",
    THROUGHPUT: "Cloud API message throughput has been reached.",
    131000: "Something went wrong.",
    131048: "Message failed to send because there are restrictions on how many messages can be sent from this phone number.",
    133010: "Phone number not registered on the Whatsapp Business Platform.",
}
CODES = frozenset(_KNOWN)
_HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


class Refused(Exception):
    """A request was not taken. `code` one of CODES."""

    def __init__(
        self, code: int, details: str = "", *, subcode: int | None = None, kind: str = "OAuthException"
    ) -> None:
        self.status, self.title = _KNOWN[code]
        self.code = code
        self.details = details or _DETAILS.get(code, self.title)
        self._subcode = subcode
        self._kind = kind
        super().__init__(self.details)

    def told(self) -> dict[str, Any]:
        """The body of the answer."""
        trace = hashlib.blake2b(f"{self.code} {self.details}".encode(), digest_size=8).hexdigest()
        if self.code == TOKEN:
            return {"error": {"message": self.title, "type": self._kind, "code": TOKEN, "fbtrace_id": trace}}
        error: dict[str, Any] = {"message": f"(#{self.code}) {self.title}", "type": self._kind, "code": self.code}
        if self._subcode is not None:
            return {"error": {**error, "message": self.details, "error_subcode": self._subcode, "fbtrace_id": trace}}
        data = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": {**error, "error_data": data, "fbtrace_id": trace}}

    def in_status(self) -> dict[str, Any]:
        """The error of a `failed` status."""
        told = {"code": self.code, "title": self.title, "message": self.title}
        return {**told, "error_data": {"details": self.details}, "href": _HREF}


def no_object(id: str) -> Refused:
    """An address that leads nowhere, or to what is somebody else's."""
    what = (
        f"Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation"
    )
    return Refused(PARAMETER, what, subcode=33, kind="GraphMethodException")
