"""How a text format shows what Markdown says: the pieces that the walk puts together."""

from __future__ import annotations


class Style:
    """Plain text. Other formats say what they do otherwise.

    `label`, `lines` and whatever else is said to be *shown* is in the format already; the rest is as it was written.
    """

    bullet = "- "
    rule = "---"

    def text(self, text: str) -> str:
        """A text as it was written, so that the format shows it literally."""
        return text

    def mark(self, name: str, *, opening: bool) -> str:
        """Where `strong`, `em` or `s` begins or ends; only the outermost of each is asked for."""
        return ""

    def code(self, text: str) -> str:
        """A piece of code inside a line."""
        return self.text(text)

    def link(self, label: str, plain: str, url: str) -> str:
        """A link; `label` is shown, `plain` is the same without any format."""
        address = url.removeprefix("mailto:").removeprefix("tel:")
        same = not plain or plain in (url, address)
        return label or address if same else f"{label} ({address})"

    def heading(self, line: str) -> str:
        """A heading that is shown."""
        return line

    def block(self, text: str, language: str) -> str:
        """A block of code."""
        return self.text(text)

    def table(self, text: str) -> str:
        """A table whose columns are filled up with spaces."""
        return self.block(text, "")

    def quote(self, lines: str, *, outermost: bool) -> str:
        """A quotation of what is shown."""
        return "\n".join(f"> {line}".rstrip() for line in lines.split("\n"))
