"""The formats that Markdown is turned into."""

from __future__ import annotations

import html
import re
from typing import Final

from onebox.messaging.markup.parsing import parser
from onebox.messaging.markup.style import Style
from onebox.messaging.markup.walking import write

_TAGS: Final = {"strong": "b", "em": "i", "s": "s"}
_MARKS: Final = {"strong": "*", "em": "_", "s": "~"}
"""of Slack and WhatsApp"""
_OPEN_FENCE: Final = "``\N{ZERO WIDTH SPACE}`"
"""three backticks that do not end a block: there is no other way to keep it open"""
_LANGUAGE = re.compile(r"[\w+#-]+")


def to_html(markdown: str) -> str:
    r"""HTML of the text alone (no `<html>`), safe to show: raw HTML is escaped.

    >>> to_html("**Hi** <b>")
    '<p><strong>Hi</strong> &lt;b&gt;</p>\n'
    """
    return str(parser().render(markdown))


def to_plain_text(markdown: str) -> str:
    """The words, with links as `text (url)`, lists and quotes as people type them.

    >>> to_plain_text("See [our **page**](https://example.org).")
    'See our page (https://example.org).'
    """
    return write(markdown, Style())


def to_simple_html(markdown: str) -> str:
    r"""HTML of `b i s a code pre blockquote` alone, always closed and escaped; lines are broken by line breaks.

    >>> to_simple_html("# Hi\n- one & *two*")
    '<b>Hi</b>\n\n• one &amp; <i>two</i>'
    """
    return write(markdown, _SimpleHtml())


def to_mrkdwn(markdown: str) -> str:
    """Slack's own format.

    >>> to_mrkdwn("**Hi** [you](https://example.org) & <all>")
    '*Hi* <https://example.org|you> &amp; &lt;all&gt;'
    """
    return write(markdown, _Mrkdwn())


def to_whatsapp(markdown: str) -> str:
    """WhatsApp's own marks; links as `text (url)`, for it makes links of addresses alone.

    >>> to_whatsapp("**Hi** *you*, [here](https://example.org): `9:00`")
    '*Hi* _you_, here (https://example.org): `9:00`'
    """
    return write(markdown, _WhatsApp())


def escape_mrkdwn(text: str) -> str:
    """A text so that Slack takes nothing in it for a link or a mention.

    >>> escape_mrkdwn("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return html.escape(text, quote=False)


class _SimpleHtml(Style):
    bullet = "• "
    rule = "———"

    def text(self, text: str) -> str:
        return html.escape(text, quote=False)

    def mark(self, name: str, *, opening: bool) -> str:
        return f"<{_TAGS[name]}>" if opening else f"</{_TAGS[name]}>"

    def code(self, text: str) -> str:
        return f"<code>{self.text(text)}</code>"

    def link(self, label: str, plain: str, url: str) -> str:
        return f'<a href="{html.escape(url)}">{label or self.text(url)}</a>'

    def heading(self, line: str) -> str:
        return f"<b>{line}</b>" if line else ""

    def block(self, text: str, language: str) -> str:
        shown = self.text(text)
        if _LANGUAGE.fullmatch(language):
            shown = f'<code class="language-{language}">{shown}</code>'
        return f"<pre>{shown}</pre>"

    def quote(self, lines: str, *, outermost: bool) -> str:
        return f"<blockquote>{lines}</blockquote>" if outermost else lines  # a chat knows no quote in a quote


class _Mrkdwn(Style):
    bullet = "• "
    rule = "———"

    def text(self, text: str) -> str:
        return escape_mrkdwn(text)

    def mark(self, name: str, *, opening: bool) -> str:
        return _MARKS[name]

    def code(self, text: str) -> str:
        return f"`{self.text(text)}`"

    def link(self, label: str, plain: str, url: str) -> str:
        address = self.text(url).replace("|", "%7C")
        # A label has no end but `>`, which is escaped, and no line break.
        return f"<{address}|{label.replace(chr(10), ' ')}>" if plain and plain != url else f"<{address}>"

    def heading(self, line: str) -> str:
        return f"*{line.replace(chr(10), ' ')}*" if line else ""

    def block(self, text: str, language: str) -> str:
        shown = self.text(text).replace("```", _OPEN_FENCE)
        return f"```\n{shown}\n```"

    def quote(self, lines: str, *, outermost: bool) -> str:
        return super().quote(lines, outermost=outermost) if outermost else lines


class _WhatsApp(Style):
    rule = "———"

    def mark(self, name: str, *, opening: bool) -> str:
        return _MARKS[name]

    def code(self, text: str) -> str:
        return text if "`" in text or "\n" in text else f"`{text}`"

    def heading(self, line: str) -> str:
        return f"*{line.replace(chr(10), ' ')}*" if line else ""

    def block(self, text: str, language: str) -> str:
        return f"```\n{text.replace('```', _OPEN_FENCE)}\n```"

    def quote(self, lines: str, *, outermost: bool) -> str:
        return super().quote(lines, outermost=outermost) if outermost else lines
