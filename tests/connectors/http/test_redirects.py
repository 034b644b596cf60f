from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yarl
from aiohttp import web
from tests.connectors.http.service import Caller, Names, Service

from onebox.connectors.http.networks import is_public
from onebox.connectors.http.redirect import redirected
from onebox.connectors.http.request import Request
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def to(location: str, status: int = 302) -> web.Response:
    return web.Response(status=status, headers={"Location": location})


@pytest.fixture
async def ask_names() -> AsyncIterator[Caller]:
    caller = Caller(Names(shop="127.0.0.1", evil="127.0.0.1", nas="192.168.1.5"))
    yield caller
    await caller.connector.close()


async def test_a_redirect_within_the_service_is_followed(ask: Caller, service: Service) -> None:
    service.answers["/old"] = to("/new?a=1")
    answer = await ask("get", f"{service.url}/old", auth="shop")
    assert answer["url"] == f"{service.url}/new?a=1"
    assert service.headers["Authorization"] == "Bearer t0ken"


async def test_a_redirect_into_a_private_network_is_refused(
    ask: Caller, service: Service, other_service: Service
) -> None:
    service.answers["/old"] = to(other_service.url)
    with pytest.raises(StepFailed) as failed:
        await ask("get", f"{service.url}/old")
    assert (failed.value.step_code, failed.value.passing) == ("redirect_refused", False)
    assert failed.value.message == (
        f"GET 127.0.0.1:{other_service.port} was not called: 127.0.0.1 lies in a private network;"
        " allow it with private_networks: true"
    )
    assert other_service.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://127.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://localhost:{port}/",
        "//localhost:{port}/",
        "file:///etc/passwd",
        "ftp://shop.example/",
        "http://[broken/",
    ],
)
async def test_no_way_round_is_found(ask: Caller, service: Service, other_service: Service, location: str) -> None:
    service.answers["/old"] = to(location.format(port=other_service.port))
    with pytest.raises(StepFailed) as failed:
        await ask("get", f"{service.url}/old")
    assert failed.value.step_code in {"redirect_refused", "bad_url", "connect_failed"}
    assert other_service.requests == []


async def test_a_name_that_leads_home_is_refused(ask_names: Caller, service: Service) -> None:
    service.answers["/old"] = to(f"http://evil.example:{service.port}/")
    with pytest.raises(StepFailed, match=r"evil\.example is 127\.0\.0\.1, which lies in a private network"):
        await ask_names("get", f"http://shop.example:{service.port}/old")
    assert len(service.requests) == 1


async def test_the_first_address_is_the_authors_to_choose(ask_names: Caller, service: Service) -> None:
    assert (await ask_names("get", f"http://shop.example:{service.port}/"))["status"] == 200


async def test_unless_private_networks_are_closed(ask_names: Caller, ask: Caller, service: Service) -> None:
    with pytest.raises(StepFailed, match="private network"):
        await ask_names("get", f"http://shop.example:{service.port}/", private_networks=False)
    with pytest.raises(StepFailed, match="private network"):
        await ask("get", service.url, private_networks=False)
    assert service.requests == []


async def test_private_networks_can_be_allowed(ask: Caller, service: Service, other_service: Service) -> None:
    service.answers["/old"] = to(f"{other_service.url}/new")
    answer = await ask("get", f"{service.url}/old", private_networks=True)
    assert answer["url"] == f"{other_service.url}/new"


async def test_another_host_gets_no_credentials(ask: Caller, service: Service, other_service: Service) -> None:
    service.answers["/old"] = to(f"http://ana:pw@127.0.0.1:{other_service.port}/new", 307)
    headers = {"X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/plain"}
    await ask("post", f"{service.url}/old", auth="shop", headers=headers, json=[1], private_networks=True)
    told = other_service.headers
    assert {"X-Api-Key", "Cookie", "Authorization"}.isdisjoint(told)
    assert (told["Accept"], told["Idempotency-Key"], other_service.bodies) == ("text/plain", "r1:2", [b"[1]"])


async def test_another_host_gets_no_secret_query(ask: Caller, service: Service, other_service: Service) -> None:
    service.answers["/old"] = to(f"{other_service.url}/new")
    await ask("get", f"{service.url}/old", auth={"query": "key", "secret": "shop"}, private_networks=True)
    assert other_service.requests[0].query_string == ""


@pytest.mark.parametrize(
    ("method", "status", "then", "carries"),
    [
        ("post", 301, "GET", False),
        ("post", 302, "GET", False),
        ("post", 303, "GET", False),
        ("post", 307, "POST", True),
        ("post", 308, "POST", True),
        ("put", 302, "PUT", True),
        ("put", 303, "GET", False),
        ("get", 303, "GET", False),
        ("head", 303, "HEAD", False),
    ],
)
async def test_the_method_changes_as_it_must(
    ask: Caller, service: Service, method: str, status: int, then: str, *, carries: bool
) -> None:
    service.answers["/old"] = to("/new", status)
    body = {"json": [1]} if method in {"post", "put"} else {}
    await ask(method, f"{service.url}/old", **body)
    assert service.requests[-1].method == then
    assert service.bodies[-1] == (b"[1]" if carries else b"")
    assert ("Content-Type" in service.headers) == carries


async def test_a_circle_ends(ask: Caller, service: Service) -> None:
    service.answers["/"] = to("/")
    with pytest.raises(StepFailed, match="was redirected more than 10 times"):
        await ask("get", f"{service.url}/")
    assert len(service.requests) == 11


async def test_not_following_gives_the_redirect(ask: Caller, service: Service) -> None:
    service.answers["/old"] = to("/new")
    answer = await ask("get", f"{service.url}/old", follow=False)
    assert (answer["status"], answer["headers"]["location"]) == (302, "/new")


def test_a_step_to_https_keeps_the_credentials() -> None:
    request = Request("GET", yarl.URL("http://shop.example/a"), {"Authorization": "x"})
    assert redirected(request, 301, "https://shop.example/a").headers == {"Authorization": "x"}
    assert redirected(request, 301, "https://shop.example:8443/a").headers == {}
    assert redirected(request, 301, "http://www.shop.example/a").headers == {}


def test_a_step_down_to_http_drops_them() -> None:
    request = Request("GET", yarl.URL("https://shop.example/a"), {"Authorization": "x"})
    assert redirected(request, 301, "http://shop.example/a").headers == {}


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("64:ff9b::5db8:d70e", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("::", False),
        ("no address", False),
    ],
)
def test_public_is_what_the_whole_internet_reaches(address: str, *, public: bool) -> None:
    assert is_public(address) is public
