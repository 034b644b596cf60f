"""What a document is, told by its head, and the refusal of what is no feed."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from onebox.connectors.feeds.parsing.lenient import LenientParser
from onebox.connectors.feeds.parsing.refusal import Refused

ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_BEGINS = 40
_LONGEST_HEAD = 200_000
_MISC = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE(?:[^\[<>\"']|\"[^\"]*\"|'[^']*')*[\[>]", re.IGNORECASE)
_SUBSET_END = re.compile(r"\]\s*>")
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_NOT_MARKUP = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ENTITY = "<!entity"
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{1000,}")
_ATTRIBUTE = re.compile(r"=\s*[\"']")
_MOST_ATTRIBUTES = 100


def root_of(text: str) -> tuple[str, str]:
    """The name of the root element, and the document from there on: without declaration and DOCTYPE, so that nothing
    is declared in it. Raises Refused for a document that declares entities, and for what is no feed."""
    at = _MISC.match(text).end()  # type: ignore[union-attr]  # it matches the empty text, too
    doctype = _DOCTYPE.match(text, at)
    if doctype is not None:
        at = _MISC.match(text, _end_of_doctype(text, doctype)).end()  # type: ignore[union-attr]
    if declares_entities(text, at):
        raise Refused("it declares entities (<!ENTITY …>), which no feed needs and bombs are made of")
    root = _ROOT.match(text, at)
    if root is None:
        raise Refused(_nothing(text, at))
    return root[1], text[at:]


def _end_of_doctype(text: str, doctype: re.Match[str]) -> int:
    if doctype[0][-1] == ">":
        return doctype.end()
    end = _SUBSET_END.search(text, doctype.end())
    return len(text) if end is None else end.end()


def declares_entities(text: str, head: int) -> bool:
    """Whether `<!ENTITY` stands in the head, or in the rest outside of texts and comments."""
    if _ENTITY not in text.lower():
        return False
    return _ENTITY in text[:head].lower() or _ENTITY in _NOT_MARKUP.sub("", text[head:]).lower()


def _nothing(text: str, at: int) -> str:
    shown = text[at : at + _BEGINS].strip() or text.strip()[:_BEGINS]
    return f"this is no feed: it begins with {shown!r}" if shown else "the answer is empty"


def refuse_other(root: str, text: str, url: str) -> None:
    """Raises Refused unless the root element is a feed's."""
    name = root.rpartition(":")[2].lower()
    if name in ROOTS:
        return
    if name in {"html", "head", "body"}:
        found = _Alternates.of(text[:_LONGEST_HEAD], url)
        raise Refused(
            f"this is a web page; its feed may be {found}" if found else "this is a web page, and names no feed"
        )
    known = {"opml": " (a list of feeds)", "urlset": " (a sitemap)", "sitemapindex": " (a sitemap)"}
    raise Refused(f"this is XML, but no feed: its root is <{root}>{known.get(name, '')}")


def refuse_swollen(text: str) -> None:
    """Raises Refused for a tag with very many attributes: the parser takes the square of their number."""
    for tag in _LONG_TAG.finditer(text):
        count = sum(1 for _ in _ATTRIBUTE.finditer(tag[0]))
        if count > _MOST_ATTRIBUTES:
            raise Refused(f"it has a tag with {count} attributes: {tag[0][:_BEGINS]}…")


class _Alternates(LenientParser):
    """Finds the first feed that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: str | None = None

    @classmethod
    def of(cls, text: str, url: str) -> str | None:
        """Its address; None if the page names none."""
        page = cls()
        page.feed(text)
        try:
            return None if page.found is None else urljoin(url, page.found)
        except ValueError:
            return page.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: (value or "").strip() for name, value in attrs}
        kind = told.get("type", "").lower()
        is_feed = kind.endswith(("/rss+xml", "/atom+xml", "/rdf+xml", "/feed+json"))
        if tag == "link" and is_feed and "alternate" in told.get("rel", "").lower().split() and told.get("href"):
            self.found = self.found or told["href"][:1000]
