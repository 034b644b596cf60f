"""The HTML parser that takes all pages: the standard library's raises for some declarations."""

from __future__ import annotations

from html.parser import HTMLParser


class LenientParser(HTMLParser):
    """Finds tags and texts, in linear time as long as `close` is not called: it would look again and again."""

    def parse_html_declaration(self, i: int) -> int:
        """Where a comment or a declaration ends; -1 if it never does."""
        mark, size = ("-->", 3) if self.rawdata.startswith("<!--", i) else (">", 1)
        end = self.rawdata.find(mark, i + 2)
        return -1 if end < 0 else end + size
