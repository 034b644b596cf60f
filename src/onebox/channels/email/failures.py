"""What a mail server, or the way to it, says: whose fault it is, and whether trying again may help."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiosmtplib import SMTPRecipientRefused

FOR_GOOD = range(500, 600)
_WANTS_LOGIN = {530, 534, 535, 538}
"""the server wants to know who it is, or another way to say so: the account's fault, not the message's"""
_LONGEST = 300


def trouble(error: Exception, host: str, *, connecting: bool = False) -> DeliveryFailed:
    """Why the server could not be spoken to, or what it said to the sender or the text.

    `connecting`: nothing was said of a message yet, so no message is to blame.
    """
    if isinstance(error, SMTPResponseException):
        return _answered(error, host, connecting=connecting)
    reason = _tls_reason(error)
    if reason is not None:
        return misconfigured(f"the TLS of {host} is not good: {reason}", "name its authority by ca_file, or mend host")
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return _unreachable(f"{host} did not answer in time: {error}")
    if isinstance(error, (SMTPConnectError, SMTPServerDisconnected, OSError)):
        return _unreachable(f"{host} cannot be reached: {str(error) or type(error).__name__}")
    if isinstance(error, SMTPException):
        hint = "look at security, port and user of the account: what they ask for, the server must offer"
        return misconfigured(f"{host} cannot be used so: {error}", hint)
    raise error


def bounced(refused: Sequence[SMTPRecipientRefused], host: str) -> DeliveryFailed:
    """No recipient was taken. While one of them may be taken later, the message is tried again."""
    said = "; ".join(f"{one.recipient}: {answer(one)}" for one in refused)
    login = next((one for one in refused if one.code in _WANTS_LOGIN), None)
    if login is not None:
        return _answered(login, host)
    permanent = all(one.code in FOR_GOOD for one in refused)
    text = f"{host} refused {'the recipient' if len(refused) == 1 else 'all recipients'}: {said}"
    return DeliveryFailed(text, permanent=permanent, kind="bounced" if permanent else "busy")


def misconfigured(message: str, hint: str) -> DeliveryFailed:
    """The account is wrong: its messages wait for it to be mended."""
    return DeliveryFailed(f"{message}; {hint}", permanent=False, kind="misconfigured")


def answer(error: SMTPResponseException) -> str:
    """The server's answer on one line."""
    said = " ".join(error.message.encode("utf-8", "replace").decode().split())
    return f"{error.code} {said}"[:_LONGEST]


def _answered(error: SMTPResponseException, host: str, *, connecting: bool = False) -> DeliveryFailed:
    text = f"{host} answered {answer(error)}"
    if isinstance(error, SMTPAuthenticationError) or error.code in _WANTS_LOGIN:
        if error.code not in FOR_GOOD:
            return DeliveryFailed(f"{text} to the login", permanent=False, kind="busy")
        return misconfigured(f"{text} to the login", "look at user and password: onebox secrets set")
    if error.code < 0:
        return misconfigured(f"{host} speaks no SMTP: {error.message[:_LONGEST]}", "look at host, port and security")
    if error.code not in FOR_GOOD:
        return DeliveryFailed(text, permanent=False, kind="busy")
    if connecting:
        return misconfigured(text, "it does not take this box: ask who runs it")
    return DeliveryFailed(text, permanent=True, kind="refused")


def _unreachable(text: str) -> DeliveryFailed:
    return DeliveryFailed(text, permanent=False, kind="unreachable")


def _tls_reason(error: BaseException | None) -> str | None:
    """Why the certificate, or the handshake, is not good; None where it is something else."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return str(error.reason or error)
        error = error.__cause__
    return None
