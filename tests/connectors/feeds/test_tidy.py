"""HTML of strangers, made a text and a markup that are safe to send on."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.connectors.feeds.parsing.tidy import LONGEST_HTML, plain, tidied

BASE = "https://news.example.org/feed"
TAG = re.compile(r"<(/?)(b|i|u|s|code|pre|blockquote|a)(?: href=\"(https?://[^\"<>]+)\")?>")


def both(source: str, most: int = 500) -> tuple[str, str]:
    found = tidied(source, base=BASE, most=most)
    return found.text, found.markup


def is_balanced(markup: str) -> bool:
    """Nothing but the tags that are shown, each closed in its turn, and everything else escaped."""
    open_tags: list[str] = []
    for found in TAG.finditer(markup):
        closing, name, href = found.groups()
        if closing:
            if not open_tags or open_tags.pop() != name:
                return False
        elif (name == "a") != (href is not None):
            return False
        else:
            open_tags.append(name)
    rest = TAG.sub("", markup)
    return not open_tags and "<" not in rest and ">" not in rest


@pytest.mark.parametrize(
    ("source", "text", "markup"),
    [
        ("Ana &amp; Bilal", "Ana & Bilal", "Ana &amp; Bilal"),
        ("a &lt;b&gt; c", "a <b> c", "a &lt;b&gt; c"),
        ("<strong>a</strong><em>b</em><ins>c</ins><del>d</del>", "abcd", "<b>a</b><i>b</i><u>c</u><s>d</s>"),
        ("a\n  b\t c", "a b c", "a b c"),
        ("<p>a</p><p>b</p>", "a\n\nb", "a\n\nb"),
        ("a<br>b<br/><br>c", "a\nb\n\nc", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb", "a\nb"),
        ("<h2>A</h2>b", "A\n\nb", "<b>A</b>\n\nb"),
        ("<ul><li>a<li><p>b</p></li></ul>c", "• a\n• b\n\nc", "• a\n• b\n\nc"),
        ("<ul><li></li></ul>c", "c", "c"),
        ("<pre>a\n  b</pre>", "a\n  b", "<pre>a\n  b</pre>"),
        ("<pre><code>a <b>b</b></code></pre>c", "a b\n\nc", "<pre><code>a b</code></pre>\n\nc"),
        ("<blockquote>a<blockquote>b</blockquote>c</blockquote>", "a\n\nb\n\nc", "<blockquote>a\n\nb\n\nc</blockquote>"),
        ("<b>a<i>b</b>c</i>", "abc", "<b>a<i>b</i></b>c"),
        ("<b>a", "a", "<b>a</b>"),
        ("a</b></i></p>", "a", "a"),
        ("<b></b><i> </i>a", "a", "a"),
        ("hello <b> world</b>", "hello world", "hello <b>world</b>"),
        ("<a href='/p?a=1&amp;b=2'>x</a>", "x", '<a href="https://news.example.org/p?a=1&amp;b=2">x</a>'),
        ("<a href='javascript:alert(1)'>x</a><b>y</b>", "xy", "x<b>y</b>"),
        ("<a href=' java\nscript:alert(1)'>x</a>", "x", "x"),
        ("<a href='https://x.example/\"><script>'>x</a>", "x", '<a href="https://x.example/%22%3E%3Cscript%3E">x</a>'),
        ("<a href='https://a.example/'>x<a href='https://b.example/'>y</a>z", "xyz", '<a href="https://a.example/">xyz</a>'),
        ("<script>alert('<b>')</script>a<style>b</style><svg><text>c</text></svg>d", "ad", "ad"),
        ("<b onclick='x' style='y'>a</b><marquee>b</marquee><x-y>c</x-y>", "abc", "<b>a</b>bc"),
        ("<!-- <b> -->a<!doctype x><![CDATA[b]]><?php c ?>d", "ad", "ad"),
        ("a <3 b < c > d", "a <3 b < c > d", "a &lt;3 b &lt; c &gt; d"),
        ("a <b", "a", "a"),
        ("a &am", "a &am", "a &amp;am"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc", "a b\nc"),
        ("a\x00\x1b[31mb", "a[31mb", "a[31mb"),
    ],
)  # fmt: skip
def test_becomes(source: str, text: str, markup: str) -> None:
    from onebox.connectors.feeds.parsing.items import Content

    found = Content(source, base=BASE).tidied(500)
    assert (found.text, found.markup) == (text, markup)


@pytest.mark.parametrize("most", range(1, 40))
def test_is_cut_and_still_balanced(most: int) -> None:
    text, markup = both("<b>Ana &amp; <i>Bilal</i></b> <a href='https://x.example/'>and &lt; Chen</a>", most)
    assert len(text) <= most
    assert len(TAG.sub("", markup)) <= most
    assert is_balanced(markup)
    assert (text, most) == ("Ana & Bilal and < Chen", most) or text.endswith("…")


def test_what_is_not_html_is_escaped_and_cut() -> None:
    assert plain(" a < b ", most=20).markup == "a &lt; b"
    found = plain("<" * 100, most=20)
    assert (found.text, found.markup) == ("<" * 19 + "…", "&lt;" * 4 + "…")


PIECES = st.sampled_from(
    "<b> </b> <i> </i> <p> </p> <a/href='https://x.example/'> </a> <pre> </pre> <code> </code> <blockquote> <li> <br> "
    "<script> </script> <svg> </svg> & &lt; < > \" ' text <!-- --> <![ <? ]]> =".split(" ")
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join), st.integers(1, 200))
def test_whatever_it_is_the_markup_is_safe(source: str, most: int) -> None:
    text, markup = both(source.replace("a/href", "a href"), most)
    assert is_balanced(markup)
    assert len(text) <= most


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a <", "<!--", "<![", "</", "<?", "&", "<", '<a b="', "<a b='\"", "<b>", "<b></i>", "<li>", "<script>",
     "<svg>", "<pre>", "<a/", "<a\n=", "&#", "&amp", "<!DOCTYPE", "<a href='https://x.example/'>"],
)  # fmt: skip
def test_takes_time_by_its_length(piece: str) -> None:
    source = piece * (LONGEST_HTML // len(piece))
    began = time.process_time()
    assert is_balanced(tidied(source, base=BASE, most=20_000).markup)
    assert time.process_time() - began < 2
