from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.messaging.markup.formats import escape_mrkdwn, to_html, to_mrkdwn, to_plain_text, to_simple_html

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

LETTER = """\
# Your *appointment*

Dear **Ana**,
it is on Monday, see [our **page**](https://example.org/a?b=1&c=2) or <https://example.org>.

1. bring a <towel>
2. pay
   - by card
   - in cash

     as you like

> We look forward
> > to you

| Day | Price |
|-----|------:|
| Mon | 9.50  |
| Wednesday | [ask](tel:+491234) |

![our shop](https://example.org/shop.png) ~~closed~~ `a < b` [no](javascript:alert(1)) [mail](mailto:desk@example.org)

```python
if a < b:
    print("&")
```

---
"""
SIMPLE = {"b", "i", "s", "a", "code", "pre", "blockquote"}
PIECES = st.sampled_from(
    [
        "# ",
        "**",
        "*",
        "_",
        "~~",
        "`",
        "```",
        "> ",
        "- ",
        "1. ",
        "|",
        "|-|",
        "\n",
        "\n\n",
        "    ",
        "a",
        "b c",
        "<b>",
        "&",
        "&amp;",
        "[x](https://example.org)",
        "[x](javascript:y)",
        "![y](https://example.org)",
        "](",
        "[",
        '"',
        "\\",
    ]
)


@pytest.mark.parametrize("turn", [to_html, to_plain_text, to_simple_html, to_mrkdwn], ids=lambda turn: turn.__name__)
def test_a_letter_with_all_that_markdown_has(turn: object, snapshot: SnapshotAssertion) -> None:
    assert callable(turn)
    assert turn(LETTER) == snapshot


class Balance(HTMLParser):
    """Fails for a tag that is not closed, or not known."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SIMPLE
        assert tag in {"code", "pre"} or tag not in self.open, f"{tag} in itself"
        for name, value in attrs:
            assert (name, tag) in {("href", "a"), ("class", "code")}
            assert name == "class" or re.match("https?:|mailto:|tel:", value or "")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.lists(PIECES, max_size=60).map("".join))
def test_simple_html_has_few_tags_and_closes_them(markdown: str) -> None:
    made = to_simple_html(markdown)
    balance = Balance()
    balance.feed(made)
    balance.close()

    assert balance.open == []
    assert re.findall(r"&(?!amp;|lt;|gt;|quot;|#x27;)", made) == []


@given(st.lists(PIECES, max_size=60).map("".join))
def test_html_and_mrkdwn_hold_no_tag_of_the_writer_s(markdown: str) -> None:
    assert "<b>" not in to_html(markdown)
    assert re.findall(r"<(?!https://example\.org)", to_mrkdwn(markdown)) == []


@given(st.text(alphabet="ab <>&\"'", min_size=1, max_size=40))
def test_words_without_marks_are_the_same_in_every_format(words: str) -> None:
    markdown = html.unescape(f"x{words}x")
    expected = re.sub(" *\n *", "\n", to_plain_text(markdown))

    assert html.unescape(to_simple_html(markdown)) == expected
    assert html.unescape(re.sub("</?p>", "", to_html(markdown))).strip() == expected


@pytest.mark.parametrize("url", ["javascript:x", "JavaScript:x", "data:text/html,x", "file:///x", "vbscript:x", "/rel"])
def test_a_link_that_does_not_lead_outside_is_a_text(url: str) -> None:
    markdown = f"[a]({url}) ![b]({url}) <{url}>"

    assert "href" not in to_html(markdown)
    assert "src" not in to_html(markdown)
    assert "href" not in to_simple_html(markdown)


def test_an_image_that_is_a_link_is_one_link() -> None:
    markdown = "[![our shop](https://example.org/s.png)](https://example.org)"

    assert to_simple_html(markdown) == '<a href="https://example.org">our shop</a>'
    assert to_mrkdwn(markdown) == "<https://example.org|our shop>"
    assert to_plain_text(markdown) == "our shop (https://example.org)"


def test_a_link_without_a_label_shows_where_it_leads() -> None:
    assert to_simple_html("[](https://example.org)") == '<a href="https://example.org">https://example.org</a>'
    assert to_plain_text("[](https://example.org)") == "https://example.org"


def test_nothing_nests_in_itself() -> None:
    assert to_simple_html("# a **b**\n\n**c **d** e**") == "<b>a b</b>\n\n<b>c d e</b>"
    assert to_simple_html("> a\n> > b") == "<blockquote>a\n\nb</blockquote>"


def test_a_block_of_code_stays_one_in_slack() -> None:
    assert to_mrkdwn("~~~\na ``` b\n~~~").count("```") == 2


def test_slack_sees_no_mention_in_a_text() -> None:
    assert escape_mrkdwn("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


@pytest.mark.parametrize(
    "hostile", ["[" * 5000, "> " * 2000 + "x", "- " * 2000 + "x", "**a *b " * 2000, "*a" * 5000 + "b*" * 5000]
)
def test_what_is_nested_without_end_is_read_all_the_same(hostile: str) -> None:
    for turn in (to_html, to_plain_text, to_simple_html, to_mrkdwn):
        turn(hostile)
