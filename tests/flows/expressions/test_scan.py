from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.flows.expressions import ExpressionInvalid
from onebox.flows.expressions.scan import Piece, join, split

_TEXTS = st.text(alphabet=st.sampled_from("ab $${}[]()'\"\\\n"), max_size=40)


def test_braces_and_quotes_inside_belong_to_the_expression() -> None:
    [before, code, after] = split("a ${ {'k': '}'}['k'] } b")

    assert (before.text, code.text, after.text) == ("a ", " {'k': '}'}['k'] ", " b")


def test_an_escape_is_text() -> None:
    assert split("$${x} $$${y}") == [Piece(code=False, text="${x} $${y}", offset=0)]


def test_offsets_point_at_the_inside() -> None:
    text = "ab ${x} ${y}"

    assert [text[piece.offset :][:1] for piece in split(text) if piece.code] == ["x", "y"]


@given(_TEXTS)
def test_no_text_is_lost(text: str) -> None:
    try:
        pieces = split(text)
    except ExpressionInvalid:
        return
    assert join(pieces) == text


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=10))))
def test_what_was_joined_is_split_again(parts: list[tuple[bool, str]]) -> None:
    written = "".join("${a.b}" if code else text.replace("$", "") for code, text in parts)

    assert sum(piece.code for piece in split(written)) == sum(code for code, _ in parts)


@pytest.mark.parametrize("text", ["${", "${'a}", "${(]}", "${a)}", "${[}", '${"'])
def test_what_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(ExpressionInvalid):
        split(text)
