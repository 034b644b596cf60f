"""Hands each message to the account's mail server."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from email.errors import MessageError
from typing import TYPE_CHECKING, Any

from aiosmtplib import SMTPException, SMTPRecipientRefused

from onebox.channels.email.composing import compose
from onebox.channels.email.connections import Connections, Server
from onebox.channels.email.failures import FOR_GOOD, answer, bounced, trouble
from onebox.channels.email.letter import read_letter
from onebox.messaging.channel import DeliveryFailed, Pace
from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aiosmtplib import SMTP

    from onebox.channels.email.addresses import Mailbox
    from onebox.channels.email.letter import Letter
    from onebox.kernel.clock import Clock
    from onebox.messaging.message import Message

_log = logging.getLogger(__name__)
PACE = Pace(per_second=5, burst=5, parallel=2)
_LONGEST = 300
_SLOWEST = 100_000
"""bytes a second that the line carries at least"""
_GREYLISTED = 11
"""attempts, in some twenty minutes, until those who are taken need not wait for those who are not yet"""
_HELD = timedelta(seconds=60)
"""after a login or a certificate that was not good, the server is left alone: it might lock the account"""


class EmailChannel:
    """Sends from `sender` through `server`. `files` is the folder of the box's files, for attachments."""

    def __init__(
        self,
        *,
        account: str,
        server: Server,
        sender: Mailbox,
        reply_to: Sequence[Mailbox],
        files: Path,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace or PACE
        self._account = account
        self._server = server
        self._sender = sender
        self._reply_to = reply_to
        self._files = files
        self._clock = clock
        self._connections = Connections(server)
        self._held: tuple[datetime, DeliveryFailed] | None = None

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"said": …}`, and `refused`, by address, where the server took others and not these. Raises DeliveryFailed."""
        letter = read_letter(message.content, message.recipient)
        data = await self._compose(letter, message)
        connection = await self._connect()
        done = False
        try:
            receipt = await self._hand_over(connection, letter, data, message)
            done = True
            return receipt
        except DeliveryFailed:
            done = connection.is_connected  # the next `take` resets what was begun
            raise
        except (SMTPException, OSError) as error:
            raise trouble(error, self._server.host) from None
        finally:
            (self._connections.keep if done else self._connections.drop)(connection)

    async def close(self) -> None:
        """Closes the connections."""
        self._connections.close()

    async def _compose(self, letter: Letter, message: Message) -> bytes:
        try:
            return await asyncio.to_thread(compose, letter, message, self._sender, self._reply_to, self._files)
        except (ValueError, LookupError, TypeError, AttributeError, MessageError) as error:
            # The language's own writer stumbles over what nobody has thought of: it would do so each time.
            _log.exception("an e-mail cannot be made", extra={"account": self._account, "message_id": message.id})
            raise invalid(f"no e-mail can be made of it: {type(error).__name__}: {error}"[:_LONGEST]) from None

    async def _connect(self) -> SMTP:
        if self._held is not None and self._clock.now() < self._held[0]:
            raise self._held[1]
        try:
            return await self._connections.take()
        except DeliveryFailed as failure:
            raise self._hold(failure) from None
        except (SMTPException, OSError) as error:
            raise self._hold(trouble(error, self._server.host, connecting=True)) from None

    def _hold(self, failure: DeliveryFailed) -> DeliveryFailed:
        if failure.kind == "misconfigured":
            self._held = (self._clock.now() + _HELD, failure)
        return failure

    async def _hand_over(self, connection: SMTP, letter: Letter, data: bytes, message: Message) -> Mapping[str, Any]:
        encoding, options = self._envelope(connection, letter)
        if connection.supports_extension("size"):
            options.append(f"SIZE={len(data)}")
        await connection.mail(self._sender.address, options=options, encoding=encoding)
        refused = await self._name_recipients(connection, letter, encoding)
        if len(refused) == len(letter.recipients):
            raise bounced(refused, self._server.host)
        later = [one for one in refused if one.code not in FOR_GOOD]
        if later and message.attempts < _GREYLISTED:
            raise bounced(later, self._server.host)
        response = await connection.data(data, timeout=self._server.timeout + len(data) / _SLOWEST)
        receipt: dict[str, Any] = {"said": " ".join(response.message.split())}
        if refused:
            receipt["refused"] = {one.recipient: answer(one) for one in refused}
            told = {"account": self._account, "message_id": message.id, "refused": receipt["refused"]}
            _log.warning("some recipients of an e-mail were refused", extra=told)
        return receipt

    def _envelope(self, connection: SMTP, letter: Letter) -> tuple[str, list[str]]:
        """The encoding of the addresses, and what the server must know of them. Raises DeliveryFailed."""
        odd = next((one for one in (self._sender, *letter.recipients, *letter.reply_to) if one.needs_utf8), None)
        if odd is None:
            return "ascii", []
        if not connection.supports_extension("smtputf8"):
            text = f"{odd.address} has a letter beyond ASCII before the @, which {self._server.host} does not take"
            raise invalid(text, "send by a server that knows SMTPUTF8")
        return "utf-8", ["SMTPUTF8"]

    async def _name_recipients(self, connection: SMTP, letter: Letter, encoding: str) -> list[SMTPRecipientRefused]:
        """Those who were refused."""
        refused = []
        for mailbox in letter.recipients:
            try:
                await connection.rcpt(mailbox.address, encoding=encoding)
            except SMTPRecipientRefused as error:
                if not connection.is_connected:  # 421: it hung up
                    raise
                refused.append(error)
        return refused
