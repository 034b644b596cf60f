"""Signatures as Standard Webhooks describes them (version v1: HMAC-SHA256 over id, time and body)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_PREFIX = "whsec_"


def secret_key(secret: str) -> bytes:
    """The key that a secret such as `whsec_MfKQ…` holds. Raises ValueError where it is no base64 or empty."""
    text = secret.strip().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        message = f"no base64: {error}"
        raise ValueError(message) from None
    if not key:
        message = "it is empty"
        raise ValueError(message)
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
