"""Makes of a letter the bytes that go over the line. Blocks: it reads files, and may take a second."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from onebox.channels.email.attachments import attached
from onebox.messaging.markup.formats import to_html, to_plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onebox.channels.email.addresses import Mailbox
    from onebox.channels.email.letter import Letter
    from onebox.messaging.message import Message

# Not every server takes lines of 8 bits.
_ASCII = SMTP.clone(cte_type="7bit")
_UTF8 = _ASCII.clone(utf8=True)
_CONTROLS = {code: None for code in range(0x20) if chr(code) not in "\t\n\r"}
_PAGE = '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"></head>\n<body>\n{}</body>\n</html>\n'


def compose(letter: Letter, message: Message, sender: Mailbox, reply_to: Sequence[Mailbox], files: Path) -> bytes:
    """The letter as it is sent. Sent again, it has the same id, by which the receiver may know it.

    Raises DeliveryFailed where an attachment is not there, or where all are too large.
    """
    in_headers = [sender, *letter.to, *letter.cc, *(letter.reply_to or reply_to)]
    made = EmailMessage(_UTF8 if any(mailbox.needs_utf8 for mailbox in in_headers) else _ASCII)
    made["From"] = sender.as_header()
    made["To"] = [mailbox.as_header() for mailbox in letter.to]
    if letter.cc:
        made["Cc"] = [mailbox.as_header() for mailbox in letter.cc]
    if letter.reply_to or reply_to:
        made["Reply-To"] = [mailbox.as_header() for mailbox in letter.reply_to or reply_to]
    made["Subject"] = _clean(letter.subject)
    made["Date"] = format_datetime(message.created_at)
    made["Message-ID"] = f"<{message.id}@{sender.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    _add_texts(made, letter)
    for filename, kind, data in attached(letter, files):
        main, _, sub = kind.partition("/")
        made.add_attachment(data, maintype=main, subtype=sub, filename=_clean(filename))
    return bytes(made)


def _add_texts(made: EmailMessage, letter: Letter) -> None:
    text = letter.body.text
    made.set_content(_clean(to_plain_text(text) + "\n" if letter.body.markdown else text))
    html = _PAGE.format(to_html(text)) if letter.body.markdown else letter.html
    if html is not None:
        made.add_alternative(_clean(html), subtype="html")


def _clean(text: str) -> str:
    """Without what no e-mail may hold: control characters, halves of characters."""
    return text.encode("utf-8", "replace").decode().translate(_CONTROLS)
