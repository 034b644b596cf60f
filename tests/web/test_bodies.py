from __future__ import annotations

import encodings
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.json_corpus import REFUSED, TAKEN

from onebox.kernel.encoding import dump, load
from onebox.web.answers import Refused
from onebox.web.bodies import parse_body

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


def body(raw: bytes, kind: str = "application/json") -> Any:
    value, text = parse_body(raw, kind, max_depth=100)
    assert load(text) == value, "the row must give back what the flow saw"
    return value


def refusal(raw: bytes, kind: str = "application/json") -> tuple[int, str, str]:
    with pytest.raises(Refused) as caught:
        parse_body(raw, kind, max_depth=100)
    return caught.value.status, caught.value.error, caught.value.message


def outcome(raw: bytes, kind: str) -> int | str:
    try:
        body(raw, kind)
    except Refused as refused:
        return refused.status
    return "taken"


# --- JSON -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", TAKEN)
def test_json_that_is_taken(raw: bytes) -> None:
    assert repr(body(raw)) == repr(TAKEN[raw])


@pytest.mark.parametrize("raw", REFUSED)
def test_json_that_is_refused(raw: bytes) -> None:
    status, code, message = refusal(raw)
    assert (status, code) == (400, "json_invalid")
    assert REFUSED[raw] in message
    assert len(message) < 300


def wrapped(depth: int, inner: str, shape: str) -> bytes:
    text = inner
    for level in range(depth):
        text = f"[{text}]" if shape == "lists" or (shape == "both" and level % 2) else f'{{"a":{text}}}'
    return text.encode()


@pytest.mark.parametrize("shape", ["lists", "objects", "both"])
@pytest.mark.parametrize(("inner", "own_depth"), [("1", 0), ('"["', 0), ("[]", 1), ("{}", 1), ("[1]", 1)])
def test_nesting_is_taken_up_to_the_limit(shape: str, inner: str, own_depth: int) -> None:
    body(wrapped(100 - own_depth, inner, shape))
    for too_deep in (101, 150, 199, 200, 201, 5000):
        status, code, message = refusal(wrapped(too_deep - own_depth, inner, shape))
        assert (status, code, message) == (400, "json_too_deep", "the body is JSON nested more than 100 deep")


def test_brackets_that_are_never_closed() -> None:
    assert refusal(b"[" * 1_000_000)[0] == 400
    assert refusal(b'{"a":' * 1_000_000)[0] == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["$bytes", "$instant", "$"]), inner),
)


@given(json_values)
def test_any_value_comes_through(value: Any) -> None:
    assert body(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_taken_or_refused_with_400(raw: bytes) -> None:
    for kind in ("application/json", FORM, MULTIPART, "text/plain", "", "application/json; charset=utf-16", "x/y+json"):
        assert outcome(raw, kind) in {"taken", 400}


@pytest.mark.parametrize("kind", ["application/json;charset=UTF-8", "Application/JSON", "application/vnd.shop+json"])
def test_json_by_its_other_names(kind: str) -> None:
    assert body('{"a":"é"}'.encode(), kind) == {"a": "é"}


def test_json_in_another_charset() -> None:
    assert body('{"a":"é"}'.encode("latin-1"), "application/json; charset=iso-8859-1") == {"a": "é"}
    assert body('{"a":"é"}'.encode("utf-16"), "application/json; charset=utf-16") == {"a": "é"}


# --- nothing, text, bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/json", FORM, MULTIPART, "text/plain", "", "image/png"])
def test_empty_body_is_nothing(kind: str) -> None:
    assert body(b"", kind) is None


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        ("Grüße".encode(), "text/plain", "Grüße"),
        ("Grüße".encode("latin-1"), "text/plain; charset=ISO-8859-1", "Grüße"),
        (b"<p>", "text/html;charset=utf-8", "<p>"),
        (b"$5", "text/plain", "$5"),
        (b"a\x00b", "text/csv", "a\x00b"),
        (b"\x00\xff", "", b"\x00\xff"),
        (b"\x00\xff", "image/png", b"\x00\xff"),
        (b"<a/>", "application/xml", b"<a/>"),
        (b"x", "nonsense", b"x"),
    ],
)
def test_text_and_bytes(raw: bytes, kind: str, expected: str | bytes) -> None:
    assert body(raw, kind) == expected


@pytest.mark.parametrize("charset", ["klingon", "base64", "zip", "idna", "unicode_escape", "a\0b", "x" * 300, "é"])
def test_charset_that_does_not_exist(charset: str) -> None:
    assert refusal(b"abc", f"text/plain; charset={charset}")[:2] == (400, "charset_unknown")


def test_text_that_is_not_of_its_charset() -> None:
    expected = (400, "text_invalid", "the body is not utf-8: byte 2 (0xff): invalid start byte")
    assert refusal(b"ab\xff", "text/plain") == expected


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a=1&b=x+y&c=%C3%A9", {"a": "1", "b": "x y", "c": "é"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a=&b", {"a": "", "b": ""}),
        (b"%24bytes=AAAA", {"$bytes": "AAAA"}),
        (b"a=%00", {"a": "\0"}),
    ],
)
def test_form(raw: bytes, expected: dict[str, Any]) -> None:
    assert body(raw, FORM) == expected


def test_form_that_is_broken() -> None:
    assert refusal(b"a=%FF", FORM)[:2] == (400, "form_invalid")
    assert refusal(b"&".join([b"a=1"] * 1001), FORM)[2] == "the form has more than 1000 fields"


def part(headers: str, content: bytes) -> bytes:
    return b"--XX\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"


def test_multipart_with_a_file() -> None:
    png = b"\x89PNG\r\n\r\n--X\x00"
    raw = (
        b"preamble\r\n"
        + part('Content-Disposition: form-data; name="who"', "Zoë".encode())
        + part('content-disposition: form-data; name="pic"; filename="a;b.png"\r\nContent-Type: image/png', png)
        + part("Content-Disposition: form-data; name=tag", b"1")
        + part("Content-Disposition: form-data; name=tag; x=y", b"")
        + part("Content-Disposition: form-data; name=doc; filename*=UTF-8''%e2%82%ac.txt", b"x")
        + part('Content-Disposition: form-data; name="l"\r\nContent-Type: text/plain; charset=latin-1', b"\xe9")
        + b"--XX--\r\nepilogue"
    )
    assert body(raw, MULTIPART) == {
        "who": "Zoë",
        "pic": {"filename": "a;b.png", "content_type": "image/png", "size": len(png), "bytes": png},
        "tag": ["1", ""],
        "doc": {"filename": "€.txt", "content_type": "application/octet-stream", "size": 1, "bytes": b"x"},
        "l": "é",
    }


def test_multipart_without_fields() -> None:
    assert body(b"--XX--\r\n", MULTIPART) == {}


GOOD_PART = part('Content-Disposition: form-data; name="a"', b"1")


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (GOOD_PART, MULTIPART, "the form ends before its last boundary"),
        (b"hello", MULTIPART, "the form does not have its boundary anywhere"),
        (b"x", "multipart/form-data", "the form needs a boundary of 1 to 70 characters in Content-Type"),
        (
            b"x",
            "multipart/form-data; boundary=" + "x" * 71,
            "the form needs a boundary of 1 to 70 characters in Content-Type",
        ),
        (b"--XX\r\nno headers--XX--", MULTIPART, "the form has no proper headers in part 1"),
        (
            part("Content-Type: text/plain", b"1") + b"--XX--",
            MULTIPART,
            'the form needs `Content-Disposition: form-data; name="…"` in part 1',
        ),
        (
            part("Content-Disposition: attachment; name=a", b"1") + b"--XX--",
            MULTIPART,
            'the form needs `Content-Disposition: form-data; name="…"` in part 1',
        ),
        (
            GOOD_PART + part('Content-Disposition: form-data; name="b"', b"\xff") + b"--XX--",
            MULTIPART,
            "the field 'b' is not utf-8: byte 0 (0xff): invalid start byte",
        ),
        (GOOD_PART * 1001 + b"--XX--", MULTIPART, "the form has more than 1000 fields"),
        (GOOD_PART * 5000, MULTIPART, "the form has more than 1000 fields"),
    ],
)
def test_multipart_that_is_broken(raw: bytes, kind: str, expected: str) -> None:
    assert refusal(raw, kind)[2] == expected


@given(st.lists(st.binary(max_size=50)))
def test_file_comes_through_byte_by_byte(files: list[bytes]) -> None:
    boundary = "b0undary-of-no-file"
    raw = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'.encode() + content + b"\r\n"
        for content in files
    )
    found = body(raw + f"--{boundary}--".encode(), f"multipart/form-data; boundary={boundary}")
    given_back = found.get("f", [])
    assert files == [one["bytes"] for one in (given_back if isinstance(given_back, list) else [given_back])]


def test_payload_is_the_dump_of_the_value() -> None:
    for raw in TAKEN:
        value, text = parse_body(raw, "application/json", max_depth=100)
        assert text == dump(value)


@pytest.mark.parametrize("charset", ["UTF-8", "utf8", "ISO-8859-1", "latin1", "windows-1252", "koi8-r", "Shift_JIS"])
def test_usual_charsets_are_known(charset: str) -> None:
    assert body(b"a", f"text/plain; charset={charset}") == "a"
    assert body(b"a=1", f"{FORM}; charset={charset}") == {"a": "1"}


@pytest.mark.parametrize("charset", ["no-such-charset-7", "utf-7", "idna", "x" * 4000])
def test_charset_that_is_none_leaves_nothing_behind(charset: str) -> None:
    before = set(encodings._cache)
    assert refusal(b"a", f"text/plain; charset={charset}")[:2] == (400, "charset_unknown")
    assert refusal(b"a=1", f"{FORM}; charset={charset}")[:2] == (400, "charset_unknown")
    assert set(encodings._cache) <= before
