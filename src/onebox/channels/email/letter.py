"""Reads what `send` gave: everything that can be wrong with it is found before a server is spoken to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.channels.email.addresses import AddressInvalid, read_mailboxes
from onebox.messaging.content import body_of, invalid, one_line, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.channels.email.addresses import Mailbox
    from onebox.messaging.content import Body

KEYS = ("cc", "bcc", "subject", "html", "reply_to", "attachments")
MOST = 20_000_000
"""bytes of all attachments and texts together"""
_MOST_MARKDOWN = 500_000
"""characters; it takes about a second to read them"""
_MOST_RECIPIENTS = 100
_LONGEST_SUBJECT = 1000
_SOURCES = ("text", "bytes", "file")
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One of `text`, `data` and `file`; `file` is a name in the folder of the box's files."""

    filename: str
    content_type: str | None
    text: str | None = None
    data: bytes | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that has what it needs."""

    subject: str
    body: Body
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    bcc: Sequence[Mailbox] = ()
    reply_to: Sequence[Mailbox] = ()
    html: str | None = None
    attachments: Sequence[Attachment] = field(default=())

    @property
    def recipients(self) -> Sequence[Mailbox]:
        """All of them, each once."""
        return list({mailbox.address: mailbox for mailbox in (*self.to, *self.cc, *self.bcc)}.values())


def read_letter(content: Mapping[str, Any], recipient: str | None = None) -> Letter:
    """The letter that a content describes. Raises DeliveryFailed.

    `recipient` is the message's own, where `to` of the content does not say it better; None: not known yet.
    """
    body = body_of(content, known=KEYS, may_be_blank=True)
    subject = text_at(content, "subject")
    if not subject:
        raise invalid("subject is missing", "an e-mail has a subject of one line")
    if len(subject) > _LONGEST_SUBJECT:
        raise invalid(f"subject has {len(subject)} characters; at most {_LONGEST_SUBJECT} make sense")
    html = content.get("html")
    if html is not None and (body.markdown or not isinstance(html, str)):
        raise invalid("html is a text that stands beside text, not beside markdown")
    if body.markdown and len(body.text) > _MOST_MARKDOWN:
        raise invalid(f"markdown has {len(body.text)} characters; at most {_MOST_MARKDOWN} go by e-mail")
    letter = Letter(
        subject=subject,
        body=body,
        to=_mailboxes(content.get("to", recipient), "to"),
        cc=_mailboxes(content.get("cc"), "cc"),
        bcc=_mailboxes(content.get("bcc"), "bcc"),
        reply_to=_mailboxes(content.get("reply_to"), "reply_to"),
        html=html,
        attachments=_attachments(content.get("attachments")),
    )
    if len(letter.recipients) > _MOST_RECIPIENTS:
        raise invalid(f"{len(letter.recipients)} recipients of one e-mail", f"at most {_MOST_RECIPIENTS}; use `each`")
    return letter


def checked(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The content, which goes out in one, after a look at it. Raises DeliveryFailed."""
    read_letter(content)
    return [content]


def _mailboxes(given: Any, key: str) -> list[Mailbox]:
    try:
        return [] if given is None else read_mailboxes(given)
    except AddressInvalid as error:
        raise invalid(f"{key}: {error}") from None


def _attachments(given: Any) -> list[Attachment]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise invalid(f"attachments must be a list, got {given!r:.80}")
    return [_attachment(one, f"attachments[{number}]") for number, one in enumerate(given)]


def _attachment(given: Any, where: str) -> Attachment:
    if not isinstance(given, dict):
        raise invalid(f"{where} must be a mapping with filename and one of text, bytes and file, got {given!r:.80}")
    sources = [key for key in _SOURCES if given.get(key) is not None]
    if len(sources) != 1:
        raise invalid(f"{where} needs one of text, bytes and file, and has {' and '.join(sources) or 'none'}")
    [source] = sources
    wanted = bytes if source == "bytes" else str
    if not isinstance(given[source], wanted):
        kind = "bytes" if wanted is bytes else "a text"
        raise invalid(f"{where}: {source} must be {kind}, got {given[source]!r:.80}")
    return Attachment(
        filename=_filename(given, where),
        content_type=_content_type(given, where),
        text=given["text"] if source == "text" else None,
        data=given["bytes"] if source == "bytes" else None,
        file=given["file"] if source == "file" else None,
    )


def _filename(given: Mapping[str, Any], where: str) -> str:
    name = given.get("filename")
    if name is None:
        return "attachment"
    if not isinstance(name, str):
        raise invalid(f"{where}: filename must be a text, got {name!r:.80}")
    return one_line(name.replace("\\", "/").rpartition("/")[2], f"{where}: filename") or "attachment"


def _content_type(given: Mapping[str, Any], where: str) -> str | None:
    kind = given.get("content_type")
    if kind is None:
        return None
    plain = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
    if not _CONTENT_TYPE.fullmatch(plain):
        raise invalid(f"{where}: content_type must be one such as application/pdf, got {kind!r:.80}")
    return plain
