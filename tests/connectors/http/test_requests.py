from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from onebox import __version__
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from tests.connectors.http.service import Caller, Service


async def test_json_goes_out_and_comes_back(ask: Caller, service: Service) -> None:
    answer = await ask("post", f"{service.url}/orders", json={"total": 42, "name": "Ana"})
    assert service.bodies == [b'{"total":42,"name":"Ana"}']
    assert service.headers["Content-Type"] == "application/json"
    assert (answer["status"], answer["body"], answer["url"]) == (200, {"path": "/orders"}, f"{service.url}/orders")
    assert answer["headers"]["content-type"] == "application/json; charset=utf-8"


async def test_a_form_is_encoded(ask: Caller, service: Service) -> None:
    await ask("post", service.url, form={"name": "Ana & Ben", "tags": ["a", "b"], "ok": True, "none": None})
    assert service.bodies == [b"name=Ana+%26+Ben&tags=a&tags=b&ok=true"]


async def test_text_and_bytes_are_sent_as_they_are(ask: Caller, service: Service) -> None:
    await ask("put", service.url, body="grüß")
    assert service.headers["Content-Type"] == "text/plain; charset=utf-8"
    await ask("put", service.url, body=b"\x00\x01", headers={"content-type": "image/png"})
    assert service.headers.getall("Content-Type") == ["image/png"]  # type: ignore[attr-defined]
    assert service.bodies == ["grüß".encode(), b"\x00\x01"]


async def test_files_are_sent_as_multipart(ask: Caller, service: Service) -> None:
    parts = {"note": "hi", "photo": {"bytes": b"\x89PNG", "filename": 'a"b.png', "content_type": "image/png"}}
    await ask("post", service.url, multipart=parts)
    boundary = service.headers["Content-Type"].partition("boundary=")[2]
    assert (
        service.bodies[0]
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="a%22b.png"\r\n'
            f"Content-Type: image/png\r\n\r\n"
        ).encode()
        + b"\x89PNG\r\n"
        + f"--{boundary}--\r\n".encode()
    )


async def test_the_query_is_added_to_the_url(ask: Caller, service: Service) -> None:
    query = {"b": [1, 2], "c": True, "d": None, "e": "ä&b"}
    await ask("get", f"{service.url}/x?a=0", query=query)
    assert service.requests[0].raw_path == "/x?a=0&b=1&b=2&c=true&e=%C3%A4%26b"


async def test_what_changes_something_carries_the_steps_key(ask: Caller, service: Service) -> None:
    for method in ("post", "put", "patch", "delete"):
        await ask(method, service.url)
        assert service.headers["Idempotency-Key"] == "r1:2"


async def test_what_asks_carries_no_key(ask: Caller, service: Service) -> None:
    await ask("get", service.url)
    await ask("head", service.url)
    assert [request.headers.get("Idempotency-Key") for request in service.requests] == [None, None]


async def test_the_box_says_who_it_is(ask: Caller, service: Service) -> None:
    await ask("get", service.url)
    assert service.headers["User-Agent"] == f"onebox/{__version__}"


async def test_given_headers_replace_ours(ask: Caller, service: Service) -> None:
    await ask(
        "post", service.url, headers={"user-agent": "me", "idempotency-key": "mine", "X-Count": 3, "X-None": None}
    )
    sent = service.headers
    assert (sent["User-Agent"], sent["Idempotency-Key"], sent["X-Count"]) == ("me", "mine", "3")
    assert "X-None" not in sent


@pytest.mark.parametrize(
    ("auth", "header", "expected"),
    [
        ("shop", "Authorization", "Bearer t0ken"),
        ({"bearer": "shop"}, "Authorization", "Bearer t0ken"),
        (
            {"basic": {"user": "ana", "password": "office"}},
            "Authorization",
            "Basic " + base64.b64encode(b"ana:pa:ss").decode(),
        ),
        ({"header": "X-Api-Key", "secret": "shop"}, "X-Api-Key", "t0ken"),
    ],
)
async def test_a_secret_is_sent(ask: Caller, service: Service, auth: Any, header: str, expected: str) -> None:
    await ask("get", service.url, auth=auth)
    assert service.headers[header] == expected


async def test_a_secret_in_the_query_stays_out_of_the_result(ask: Caller, service: Service) -> None:
    answer = await ask("get", f"{service.url}/x?a=1", auth={"query": "key", "secret": "shop"})
    assert service.requests[0].query["key"] == "t0ken"
    assert answer["url"] == f"{service.url}/x?a=1"


async def test_credentials_in_the_url_become_a_header(ask: Caller, service: Service) -> None:
    answer = await ask("get", f"http://ana:pw@127.0.0.1:{service.port}/")
    assert service.headers["Authorization"] == "Basic " + base64.b64encode(b"ana:pw").decode()
    assert answer["url"] == f"{service.url}/"


async def test_no_auth_is_no_auth(ask: Caller, service: Service) -> None:
    await ask("get", service.url, auth=None)
    assert "Authorization" not in service.headers


async def test_cookies_are_not_kept(ask: Caller, service: Service) -> None:
    await ask("get", service.url)
    service.answers["/login"] = service.answers.get("/login") or _with_cookie()
    await ask("get", f"{service.url}/login")
    await ask("get", service.url)
    assert "Cookie" not in service.headers


def _with_cookie() -> Any:
    from aiohttp import web

    return web.Response(headers={"Set-Cookie": "session=1; Path=/"})


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"url": 7}, "bad_argument", "url: expected a text, got 7"),
        (
            {"url": "ftp://x.example/"},
            "bad_url",
            "'ftp://x.example/' is no URL that can be called: expected it to begin with http:// or https://",
        ),
        ({"url": "http:///x"}, "bad_url", "'http:///x' is no URL that can be called: it names no host"),
        (
            {"url": "nothing://ana:pw@x?token=1"},
            "bad_url",
            "'nothing://***@x' is no URL that can be called: expected it to begin with http:// or https://",
        ),
        ({"auth": "shpo"}, "secret_missing", "auth: this box has no secret 'shpo'; did you mean 'shop'?"),
        ({"headers": ["a"]}, "bad_argument", "headers: expected a mapping, got ['a']"),
        (
            {"headers": {"X-A": "a\r\nX-B: b"}},
            "bad_argument",
            "headers: X-A holds a line break or control character",
        ),
        ({"headers": {"a b": "c"}}, "bad_argument", "headers: 'a b' is no name of a header"),
        ({"headers": {"Host": "c"}}, "bad_argument", "headers: Host is set by the box itself"),
        ({"query": "a=b"}, "bad_argument", "query: expected a mapping, got 'a=b'"),
        ({"timeout": "soon"}, "bad_argument", "timeout: expected a duration such as 10s, 15m, 2h or 90d, got 'soon'"),
        ({"max_bytes": "big"}, "bad_argument", "max_bytes: expected a size such as 500KB, 1MB or 256MB, got 'big'"),
        ({"follow": "no"}, "bad_argument", "follow: expected true or false, got 'no'"),
    ],
)
async def test_a_wrong_argument_is_named(
    ask: Caller, service: Service, arguments: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(StepFailed) as failed:
        await ask("post", **{"url": service.url, **arguments})
    assert (failed.value.step_code, failed.value.message, failed.value.passing) == (code, message, False)
    assert service.requests == []


@pytest.mark.parametrize(("name", "value"), [("form", [1]), ("multipart", "x"), ("body", {"a": 1})])
async def test_a_body_of_the_wrong_type_is_named(ask: Caller, service: Service, name: str, value: Any) -> None:
    with pytest.raises(StepFailed, match=f"{name}: expected"):
        await ask("post", service.url, **{name: value})
