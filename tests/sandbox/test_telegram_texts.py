"""Texts as the Bot API takes and refuses them: parse modes, entities, lengths."""

from __future__ import annotations

from typing import Any

import pytest

from onebox.sandbox.telegram.markup.reading import formatted
from onebox.sandbox.telegram.refusals import Refused


def shown(text: str, mode: str) -> tuple[str, list[tuple[str, int, int]]]:
    told, entities = formatted(text, mode, None)
    return told, [(one["type"], one["offset"], one["length"]) for one in entities]


def fault(text: str, mode: str = "", entities: Any = None) -> str:
    with pytest.raises(Refused) as refused:
        formatted(text, mode, entities)
    return refused.value.description


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<b>bold</b> &lt;3 &amp; &#128512;!", ("bold <3 & 😀!", [("bold", 0, 4)])),
        ("<B><i>x</i></B>", ("x", [("italic", 0, 1), ("bold", 0, 1)])),
        ("😀<u>x</u>", ("😀x", [("underline", 2, 1)])),
        ("<pre><code class='language-py'>x</code></pre>", ("x", [("pre", 0, 1)])),
        ('<a href="https://a.example">x</a>', ("x", [("text_link", 0, 1)])),
        ("<span class='tg-spoiler'>x</span>", ("x", [("spoiler", 0, 1)])),
        ("<blockquote expandable>x</blockquote>", ("x", [("expandable_blockquote", 0, 1)])),
        ("  <b> x </b>  ", ("x", [("bold", 0, 1)])),
        ("&nbsp; stays", ("&nbsp; stays", [])),
        ("<b></b>empty", ("empty", [])),
    ],
)
def test_html_becomes_text_and_entities(html: str, expected: tuple[str, list[Any]]) -> None:
    text, entities = shown(html, "HTML")

    assert (text, sorted(entities)) == (expected[0], sorted(expected[1]))


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("a <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a =1>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a href=a_b>x</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_html_that_is_wrong_is_refused_in_telegrams_words(html: str, what: str) -> None:
    assert fault(html, "HTML") == f"Bad Request: can't parse entities: {what}"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (r"*bold* _it_ __un__ ~st~ ||sp||", ("bold it un st sp", ["bold", "italic", "underline", "strikethrough", "spoiler"])),
        (r"1\.5 \> 1", ("1.5 > 1", [])),
        ("`a*b`", ("a*b", ["code"])),
        ("```py\nx\n```", ("x", ["pre"])),
        ("[x](https://a.example/\\))", ("x", ["text_link"])),
        (">a\n>b\nc", ("a\nb\nc", ["blockquote"])),
        ("*a _b_ c*", ("a b c", ["bold", "italic"])),
        ("___a_ b__", ("a b", ["underline", "italic"])),
    ],
)  # fmt: skip
def test_markdown_becomes_text_and_entities(markdown: str, expected: tuple[str, list[str]]) -> None:
    text, entities = shown(markdown, "MarkdownV2")

    assert (text, [kind for kind, _, _ in entities]) == expected


@pytest.mark.parametrize(
    ("markdown", "what"),
    [
        ("Version 1.0", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a | b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("🏟 🏟_abacaba", "Can't find end of Italic entity at byte offset 9"),
        ("🏟 🏟_abac * asd ", "Can't find end of Bold entity at byte offset 15"),
        ("🏟 🏟_abac * asd _", "Can't find end of Italic entity at byte offset 21"),
        ("🏟 🏟`", "Can't find end of Code entity at byte offset 9"),
        ("🏟 🏟```", "Can't find end of Pre entity at byte offset 9"),
        ("🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"),
        ("🏟 🏟__🏟 🏟_", "Can't find end of Italic entity at byte offset 20"),
        ("🏟 🏟_🏟 🏟__", "Can't find end of Underline entity at byte offset 19"),
        ("[x](https://a", "Can't find end of a URL at byte offset 4"),
    ],
)
def test_markdown_that_is_wrong_is_refused_in_telegrams_words(markdown: str, what: str) -> None:
    assert fault(markdown, "markdownv2") == f"Bad Request: can't parse entities: {what}"


def test_the_first_markdown_nests_nothing() -> None:
    assert shown("*a_b* 1.5 [x](https://a.example)", "Markdown") == ("a_b 1.5 x", [("bold", 0, 3), ("text_link", 8, 1)])
    assert fault("é*a", "Markdown") == (
        "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 2"
    )


@pytest.mark.parametrize(
    ("entity", "what"),
    [
        ({"type": "bold", "offset": 3, "length": 1}, "entity begins after the end of the text at UTF-16 offset 2"),
        ({"type": "bold", "offset": 1, "length": 9}, "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 2"),
        ({"type": "bold", "length": 1}, 'can\'t parse MessageEntity: Field "offset" must be of type Number'),
        ({"type": "blink", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        ({"type": "text_link", "offset": 0, "length": 1, "url": "no"}, "entity URL 'no' is invalid: Wrong HTTP URL"),
        (7, "can't parse MessageEntity: expected an Object"),
    ],
)  # fmt: skip
def test_given_entities_are_checked_in_utf16_units(entity: Any, what: str) -> None:
    assert fault("😀", entities=[entity]) == f"Bad Request: {what}"


def test_commands_names_and_addresses_are_found() -> None:
    text = "</b> /start@my_bot @ana #olives see https://a.example/x, mail ana@mail.example"

    assert [kind for kind, _, _ in shown(text, "")[1]] == ["bot_command", "mention", "hashtag", "url", "email"]


def test_an_unknown_parse_mode_is_refused() -> None:
    assert fault("x", "XML") == "Bad Request: unsupported parse_mode"
