"""Connections to a mail server. One that was used is kept for some seconds: the next message needs no handshake."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiosmtplib import SMTP, SMTPException, SMTPHeloError

from onebox.channels.email.failures import misconfigured

if TYPE_CHECKING:
    from pathlib import Path

Security = Literal["starttls", "tls", "none"]
PORTS = {"starttls": 587, "tls": 465, "none": 25}
_KEPT = 10.0
"""seconds that a connection is kept though nobody needs it; servers grant a minute and more"""


@dataclass(frozen=True, slots=True)
class Server:
    """Where messages are handed in. `timeout` is in seconds, for each thing that is waited for."""

    host: str
    own_name: str
    """what this side says that it is called"""
    port: int | None = None
    security: Security = "starttls"
    user: str | None = None
    password: str | None = None
    timeout: float = 30.0
    ca_file: Path | None = None


class Connections:
    """Lends connections: `take` one, and give it back by `keep`, or `drop` it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tls: ssl.SSLContext | None = None
        self._idle: list[SMTP] = []

    async def take(self) -> SMTP:
        """A connection that the server answers on, with nothing said of a message yet.

        Raises what aiosmtplib raises, and DeliveryFailed where the account's settings are of no use.
        """
        while self._idle:
            kept = self._idle.pop()
            if await self._is_alive(kept):
                return kept
        return await self._open()

    def keep(self, connection: SMTP) -> None:
        """It may be used again."""
        self._idle.append(connection)
        asyncio.get_running_loop().call_later(_KEPT, self._let_go, connection)

    def drop(self, connection: SMTP) -> None:
        """It is in no state to be used again."""
        connection.close()

    def close(self) -> None:
        """Closes those that nobody uses."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _let_go(self, connection: SMTP) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
            connection.close()

    async def _is_alive(self, connection: SMTP) -> bool:
        try:
            await connection.rset()
        except (SMTPException, OSError):
            connection.close()
            return False
        except BaseException:
            connection.close()
            raise
        return True

    async def _open(self) -> SMTP:
        server = self._server
        if self._tls is None and server.security != "none":
            self._tls = await asyncio.to_thread(_context, server.ca_file)
        connection = SMTP(
            hostname=server.host,
            local_hostname=server.own_name,
            port=server.port or PORTS[server.security],
            username=server.user,
            password=server.password,
            timeout=server.timeout,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",  # True: without it, nothing is sent
            tls_context=self._tls,
        )
        await connection.connect()
        try:
            await _greet(connection)
        except BaseException:
            connection.close()
            raise
        return connection


async def _greet(connection: SMTP) -> None:
    """Asks what the server can, where connecting has not; an old one is greeted in the old way."""
    if connection.is_ehlo_or_helo_needed:
        try:
            await connection.ehlo()
        except SMTPHeloError:
            await connection.helo()


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            text = f"ca_file {ca_file.name} cannot be read: {error.strerror or error}"
            raise misconfigured(text, "it is a file of certificates in PEM, in the box's folder") from None
    return context
