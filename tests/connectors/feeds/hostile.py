"""Documents that are broken, strange or meant to harm, each with what must come of it: the titles of its items, newest
first, or why it is not read."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass

URL = "https://news.example.org/feed"
HEAD = "<rss version='2.0'><channel><title>News</title>"
TAIL = "</channel></rss>"
XML = "application/rss+xml"


@dataclass(frozen=True)
class Document:
    raw: bytes
    expected: list[str] | str
    content_type: str = XML


def rss(body: str) -> str:
    return f"{HEAD}{body}{TAIL}"


def item(title: str, more: str = "") -> str:
    return f"<item><title>{title}</title>{more}</item>"


def told(text: str | bytes, *titles: str, content_type: str = XML) -> Document:
    return Document(text.encode() if isinstance(text, str) else text, list(titles), content_type)


def refused(text: str | bytes, why: str, content_type: str = XML) -> Document:
    return Document(text.encode() if isinstance(text, str) else text, why, content_type)


ENTITIES = "it declares entities (<!ENTITY …>), which no feed needs and bombs are made of"
LAUGHS = (
    "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
    + rss(item("&i;"))
)
OUTSIDE = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + rss(item("&x;"))
PARAMETER = "<!DOCTYPE rss [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/x'> %x;]>" + rss(item("a"))
JAPANESE = rss(item("日本"))
PAGE = "<!DOCTYPE html><html><head><title>Ana</title>{}</head><body><p>Hello</p></body></html>"
LINK = "<link rel=alternate type=application/rss+xml title=News href=/rss.xml>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title>{}</feed>"
JSON = {"version": "https://jsonfeed.org/version/1.1", "title": "News"}


def _json(**more: object) -> str:
    return json.dumps({**JSON, **more})


DOCUMENTS: dict[str, Document] = {
    # bombs and ways out
    "a billion laughs": refused(LAUGHS, ENTITIES),
    "a billion laughs in UTF-16": refused(LAUGHS.encode("utf-16"), ENTITIES),
    "a billion laughs in UTF-16 without a mark": refused(LAUGHS.encode("utf-16-be"), ENTITIES),
    "a billion laughs in UTF-32": refused(LAUGHS.encode("utf-32"), ENTITIES),
    "a billion laughs in UTF-7": refused(
        LAUGHS.replace("<!E", "+ADwAIQ-E").replace("'1.0'", "'1.0' encoding='utf-7'"), ENTITIES
    ),
    "a billion laughs in EBCDIC": refused(LAUGHS.encode("cp037"), ENTITIES),
    "an entity that is a file": refused(OUTSIDE, ENTITIES),
    "an entity that calls out": refused(PARAMETER, ENTITIES),
    "an entity in small letters": refused(OUTSIDE.replace("ENTITY", "entity"), ENTITIES),
    "an entity behind a quoted comment": refused(
        OUTSIDE.replace("<!DOCTYPE rss", "<!DOCTYPE rss SYSTEM '<!--'") + "<!-- -->", ENTITIES
    ),
    "an entity behind an instruction": refused("<?x <!-- ?>" + OUTSIDE + "<!-- -->", ENTITIES),
    "an entity after the beginning": refused(rss("<!ENTITY a 'x'>" + item("&a;")), ENTITIES),
    "an entity that is talked about": told(rss(item("a", "<description><![CDATA[<!ENTITY a>]]></description>")), "a"),
    "a DOCTYPE that lies elsewhere": told(
        "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://127.0.0.1:1/rss-0.91.dtd'>"
        + rss(item("a")),
        "a",
    ),
    "a stylesheet elsewhere": told("<?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?>" + rss(item("a")), "a"),
    "an inclusion": told(
        rss(item("a", "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>")), "a"
    ),
    "elements without end": told(rss("<x>" * 5000 + item("a")), "a"),
    "content nested deep": told(rss(item("a", f"<description>{'&lt;div&gt;' * 5000}deep</description>")), "a"),
    "a huge attribute": told(rss(item("a", f"<x y='{'z' * 1_000_000}'/>")), "a"),
    "a thousand attributes": refused(
        rss("<item " + " ".join(f'a{number}="1"' for number in range(1000)) + "/>"),
        'it has a tag with 1000 attributes: <item a0="1" a1="1" a2="1" a3="1" a4="1"…',
    ),
    "a hundred thousand items": told(
        rss("".join(f"<item><title>{number}</title></item>" for number in range(100_000))),
        *map(str, range(500)),
    ),
    # broken
    "nothing": refused("", "the answer is empty"),
    "nothing but space": refused(" \r\n\t ", "the answer is empty"),
    "nothing but nulls": refused(b"\0" * 1000, "the answer is empty"),
    "nothing but a declaration": refused(
        "<?xml version='1.0'?>", "this is no feed: it begins with \"<?xml version='1.0'?>\""
    ),
    "cut off in an item": told(rss(item("a") + item("b"))[: -len("</description></item></channel></rss>")], "a"),
    "cut off behind a tag that is whole": told(HEAD + item("a") + "<item><title>b</title><enclosure url='/x'/>", "a"),
    "cut off after an item": told(rss(item("a") + item("b"))[: -len(TAIL)], "a", "b"),
    "cut off in the middle of a letter": told(
        JAPANESE.encode()[:-40],
    ),
    "tags that cross": told(rss("<item><title>a</item></title>" + item("b")), "", "b"),
    "ampersands as they are": told(rss(item("Ana & Bilal")), "Ana & Bilal"),
    "names of HTML": told(rss(item("caf&eacute;&nbsp;&mdash; 5 &euro;")), "café — 5 €"),
    "numbers of no sign": told(rss(item("a&#0;b&#x1F;c&#xFFFFFFF;d&#55296;")), "abcd"),
    "control characters": told(rss(item("a\x00\x01\x08\x1bb")), "ab"),
    "space before the beginning": told("\n\n  <?xml version='1.0'?>" + rss(item("a")), "a"),
    "an unknown prefix": told(rss(item("a", "<media:x/><foo:bar>y</foo:bar>")), "a"),
    "an XML declaration that lies": told("<?xml version='1.0' encoding='nonsense'?>" + rss(item("é")), "é"),
    # encodings
    "UTF-8 with a mark": told(codecs.BOM_UTF8 + rss(item("é")).encode(), "é"),
    "UTF-8 that a server calls Latin": told(rss(item("é")), "é", content_type="text/xml; charset=ISO-8859-1"),
    "UTF-16 with a mark": told(JAPANESE.encode("utf-16"), "日本"),
    "UTF-16 without a mark": told(JAPANESE.encode("utf-16-le"), "日本"),
    "UTF-32 without a mark": told(JAPANESE.encode("utf-32-be"), "日本"),
    "Windows-1251 by header": told(rss(item("Привет")).encode("cp1251"), "Привет", content_type="x; charset=cp1251"),
    "Shift JIS by declaration": told(
        ("<?xml version='1.0' encoding='Shift_JIS'?>" + JAPANESE).encode("shift_jis"), "日本"
    ),
    "GB2312 that is GBK": told(
        ("<?xml version='1.0' encoding='gb2312'?>" + rss(item("朱镕基"))).encode("gbk"), "朱镕基"
    ),
    "Latin without a word": told(rss(item("café")).encode("latin-1"), "café"),
    "an encoding that is none": told(rss(item("a")), "a", content_type="text/xml; charset=zlib"),
    # something else
    "a page with a feed": refused(
        PAGE.format(LINK), "this is a web page; its feed may be https://news.example.org/rss.xml"
    ),
    "a page without a feed": refused(PAGE.format(""), "this is a web page, and names no feed"),
    "a page as XML": refused(
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head/></html>",
        "this is a web page, and names no feed",
    ),
    "a page with broken declarations": refused(
        PAGE.format("<![%x]><![if x]>" + LINK), "this is a web page; its feed may be https://news.example.org/rss.xml"
    ),
    "a list of feeds": refused("<opml/>", "this is XML, but no feed: its root is <opml> (a list of feeds)"),
    "a sitemap": refused("<urlset/>", "this is XML, but no feed: its root is <urlset> (a sitemap)"),
    "a picture": refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is no feed: it begins with '‰PNG\\r\\n\\n\\rIHDR'"),
    "a program's error": refused("Fatal error: no memory", "this is no feed: it begins with 'Fatal error: no memory'"),
    "RDF of something else": refused(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:foaf='http://xmlns.com/foaf/0.1/'>"
        "<foaf:Person><foaf:name>Ana</foaf:name></foaf:Person></rdf:RDF>",
        "this is XML, but no feed that is known: its root is <rdf:RDF>",
    ),
    # items
    "a feed without items": told(rss("")),
    "items without anything": told(rss("<item/><item></item>"), ""),
    "the same id twice": told(rss(item("a", "<guid>1</guid>") + item("b", "<guid>1</guid>")), "a"),
    "the same link twice": told(rss(item("a", "<link>http://x.example/</link>") * 2), "a"),
    "titles in HTML": told(rss(item("&lt;b&gt;Ana&lt;/b&gt; &amp;amp; Bilal")), "Ana & Bilal"),
    "titles of many lines": told(rss(item("a\n\n  b")), "a b"),
    "a very long title": told(rss(item("x" * 9999)), "x" * 499 + "…"),
    "dates that are none": told(
        rss(item("a", "<pubDate>soon</pubDate>") + item("b", "<pubDate>99</pubDate>")), "a", "b"
    ),
    "the oldest first": told(
        rss(
            item("old", "<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>")
            + item("new", "<pubDate>Mon, 02 Mar 2026 12:00:00 +0100</pubDate>")
        ),
        "new",
        "old",
    ),
    "RSS 1.0": told(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        "<channel><title>News</title></channel><item><title>a</title></item></rdf:RDF>",
        "a",
    ),
    "Atom": told(ATOM.format("<entry><id>1</id><title type='html'>&lt;i&gt;a&lt;/i&gt;</title></entry>"), "a"),
    "Atom with a prefix": told(
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>a</a:title></a:entry></a:feed>", "a"
    ),
    # JSON
    "a JSON Feed": told(_json(items=[{"id": 1, "title": "a"}, {"id": "2", "content_text": "b"}]), "a", ""),
    "a JSON Feed with a mark": told(codecs.BOM_UTF8 + _json(items=[{"title": "a"}]).encode(), "a"),
    "a JSON Feed of wrong kinds": told(
        _json(items=[{"id": [], "title": 7, "tags": {}, "authors": "x", "attachments": [1]}, 5, None]), ""
    ),
    "JSON that is no feed": refused('{"items": []}', "this is JSON, but no JSON Feed: it has no version"),
    "JSON of another version": refused(
        '{"version": 3, "items": []}', "this is JSON, but no JSON Feed: its version is 3"
    ),
    "a JSON Feed without a list": refused(_json(items={}), "this is JSON, but no JSON Feed: it has no list of items"),
    "a list": refused("[1, 2]", "this is JSON, but no JSON Feed: it is no object"),
    "JSON that is cut off": refused(
        '{"version": "htt',
        "this looks like JSON and is none: Unterminated string starting at: line 1 column 13 (char 12)",
    ),
    "JSON nested deep": refused("[" * 200_000, "this looks like JSON and is none: it is nested too deep"),
    "a number without end": refused(
        '{"version": ' + "9" * 100_000 + "}",
        "this looks like JSON and is none: Exceeds the limit (4300 digits) for integer string conversion:"
        " value has 100000 digits; use sys.set_int_max_str_digits() to increase the limit",
    ),
}
