from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebox.kernel.encoding import dump, load
from onebox.web.origins import caller
from onebox.web.requests import payload_of, value_at

PROXIES: list[IPv4Network | IPv6Network] = [IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8")]
DATA = {"body": {"a": {"b": [{"c": 5}]}, "n": None, "t": True, "e": ""}, "headers": {"x-id": "h"}, "remote": "::1"}


@given(
    st.recursive(st.text() | st.binary() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)), st.text()
)
def test_payload_gives_back_the_data(body: Any, name: str) -> None:
    data = {"body": body, "headers": {name: "$x"}, "query": {"$" + name: name}, "path": {}}
    assert load(payload_of(data, dump(body))) == data


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("body.a.b.0.c", "5"),
        ("body.a.b.1.c", None),
        ("body.a.b.x.c", None),
        ("body.a.b", None),
        ("body.n", None),
        ("body.t", None),
        ("body.e", None),
        ("body.a.b.0.c.d", None),
        ("header:X-Id", "h"),
        ("headers.x-id", "h"),
        ("remote", "::1"),
    ],
)
def test_value_at_a_place(place: str, expected: str | None) -> None:
    assert value_at(DATA, place) == expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("", "203.0.113.9", ""),
    ],
)
def test_caller_behind_proxies(peer: str, forwarded: str, expected: str) -> None:
    assert caller(peer, forwarded, PROXIES) == expected
