"""Mail servers on loopback: a real one, and one that says what it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
from typing import TYPE_CHECKING, Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, LoginPassword, Session


class Postbox:
    """Takes all e-mails; `answers` says otherwise for an address, or for `MAIL` and `DATA`; while `held` is there and
    not set, it says nothing after `DATA`."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.sessions: set[int] = set()
        self.logins: list[tuple[bytes, bytes, bool]] = []
        self.password = b"s3cret-word"
        self.protocols: list[SMTP] = []
        self.held: asyncio.Event | None = None

    @property
    def letters(self) -> list[EmailMessage]:
        return [read(envelope.content) for envelope in self.taken]

    def authenticate(self, server: Any, session: Session, _envelope: Any, _mechanism: str, data: LoginPassword) -> Any:
        self.logins.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=data.password == self.password)

    async def handle_EHLO(self, _server: Any, session: Session, _envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802
        session.host_name = hostname
        self.sessions.add(id(session))
        return responses

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.held is not None:
            await self.held.wait()
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(envelope)
        return "250 queued as 42"


def read(content: Any) -> EmailMessage:
    made = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(made, email.message.EmailMessage)
    return made


class Authority:
    """Makes certificates; `ca_file` is the one that vouches for them."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)

    def context(self, name: str = "localhost") -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(name).configure_cert(context)
        return context


@contextlib.asynccontextmanager
async def mail_server(
    postbox: Postbox, *, tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[Postbox]:
    """A real one that hands what it takes to `postbox`; with `tls`, its first byte is under TLS."""

    def protocol() -> SMTP:
        made = SMTP(postbox, hostname="mx.example.org", loop=asyncio.get_running_loop(), **settings)
        postbox.protocols.append(made)
        return made

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    postbox.port = server.sockets[0].getsockname()[1]
    try:
        yield postbox
    finally:
        server.close()
        for one in postbox.protocols:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0)


class Script:
    """Answers each command by its first word; a word that is mapped to None is never answered."""

    USUAL: Mapping[str, str | None] = {
        "hello": "220 mx.example.org",
        "EHLO": "250 mx.example.org",
        "MAIL": "250 OK",
        "RCPT": "250 OK",
        "DATA": "354 go on",
        ".": "250 queued",
        "RSET": "250 OK",
        "QUIT": "221 bye",
    }

    def __init__(self, **answers: str | None) -> None:
        self.answers = {**self.USUAL, **answers}
        self.heard: list[str] = []
        self.silent = asyncio.Event()
        self.port = 0
        self.connected = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        try:
            await self._say("hello", writer)
            in_data = False
            while raw := await reader.readline():
                line = raw.decode().rstrip("\r\n")
                word = "." if in_data and line == "." else line.partition(" ")[0].upper()
                if in_data and word != ".":
                    continue
                self.heard.append(line)
                await self._say(word, writer)
                in_data = word == "DATA" and str(self.answers["DATA"]).startswith("354")
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _say(self, word: str, writer: asyncio.StreamWriter) -> None:
        said = self.answers[word]
        if said == "":
            raise ConnectionResetError
        if said is None:
            self.silent.set()
            await asyncio.Event().wait()
        else:
            writer.write(said.encode() + b"\r\n")
            await writer.drain()


@contextlib.asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Script]:
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(script.talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
