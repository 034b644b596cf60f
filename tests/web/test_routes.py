from __future__ import annotations

import pytest

from onebox.web.routes import NotServed, Routes


@pytest.fixture
def routes() -> Routes[str]:
    routes: Routes[str] = Routes()
    for path, method in [
        ("w", "POST"),
        ("orders/new", "GET"),
        ("orders/{number}", "POST"),
        ("orders/{id}", "GET"),
        ("orders/{number}/items/{item}", "POST"),
        ("{shop}/orders", "POST"),
        ("orders/{number}/items/first", "GET"),
    ]:
        routes.add(path, method, f"{method} {path}")
    return routes


@pytest.mark.parametrize(
    ("method", "path", "found", "parameters"),
    [
        ("POST", "w", "POST w", {}),
        ("GET", "orders/new", "GET orders/new", {}),
        ("POST", "orders/new", "POST orders/{number}", {"number": "new"}),
        ("POST", "orders/7", "POST orders/{number}", {"number": "7"}),
        ("GET", "orders/7", "GET orders/{id}", {"id": "7"}),
        ("POST", "orders/7/items/first", "POST orders/{number}/items/{item}", {"number": "7", "item": "first"}),
        ("GET", "orders/7/items/first", "GET orders/{number}/items/first", {"number": "7"}),
        ("POST", "salon/orders", "POST {shop}/orders", {"shop": "salon"}),
        ("POST", "orders/orders", "POST orders/{number}", {"number": "orders"}),
        ("POST", "orders/a%2Fb", "POST orders/{number}", {"number": "a/b"}),
        ("POST", "%77", "POST w", {}),
    ],
)
def test_found(routes: Routes[str], method: str, path: str, found: str, parameters: dict[str, str]) -> None:
    assert routes.find(path, method) == (found, parameters)


@pytest.mark.parametrize(
    "path", ["", "/", "x", "w/", "/w", "orders", "orders/", "orders//items/1", "orders/7/items", "{shop}"]
)
def test_nothing_there(routes: Routes[str], path: str) -> None:
    with pytest.raises(NotServed) as caught:
        routes.find(path, "POST")
    assert caught.value.allowed == frozenset()


def test_other_methods_are_told(routes: Routes[str]) -> None:
    with pytest.raises(NotServed) as caught:
        routes.find("orders/new", "PUT")
    assert caught.value.allowed == {"GET", "POST"}
