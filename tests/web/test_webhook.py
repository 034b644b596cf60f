"""The settings of the trigger: what is taken, and what its author is told."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import ValidationError

from onebox.web.webhook import WebhookSettings, webhook_trigger


def messages(**given: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        WebhookSettings.model_validate({"path": "w", **given})
    return [fault["msg"] for fault in caught.value.errors()]


def hook(**given: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"path": "w", **given})


def test_only_the_path_is_needed() -> None:
    settings = hook()
    assert settings.methods == ("POST",)
    assert settings.auth.secret_names == ()
    assert settings.respond.when == "now"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"path": "/hooks/w"}, "'/hooks/w' is served under /hooks/: write what follows, 'w'"),
        ({"path": "/w"}, "'/w' is served under /hooks/: write what follows, 'w'"),
        (
            {"path": "a//b"},
            "'a//b' has the part '': expected letters, digits, - _ . ~ or a parameter such as {number}",
        ),
        (
            {"path": "a/../b"},
            "'a/../b' has the part '..': expected letters, digits, - _ . ~ or a parameter such as {number}",
        ),
        (
            {"path": "a/{b"},
            "'a/{b' has the part '{b': expected letters, digits, - _ . ~ or a parameter such as {number}",
        ),
        ({"path": "{a}/{a}"}, "'{a}/{a}' names the parameter {a} twice"),
        ({"methods": []}, "expected any, or a list such as [POST, PUT], got []"),
        ({"methods": ["FETCH"]}, "Input should be 'DELETE', 'GET', 'PATCH', 'POST' or 'PUT'"),
        ({"key": "id"}, "expected a place such as body.id, query.id or header:X-Id, got 'id'"),
        ({"sender": "body."}, "expected a place such as body.id, query.id or header:X-Id, got 'body.'"),
        ({"respond": "later"}, "expected now, step or a fixed answer such as {status: 204}, got 'later'"),
        ({"respond": {"status": 99}}, "Input should be greater than or equal to 200"),
        (
            {"respond": {"headers": {"X-A": "1\r\nX-B: 2"}}},
            "the header X-A has the character '\\r', which no header may have",
        ),
        ({"respond": {"headers": {"X A": "1"}}}, "the header 'X A' is no header name: letters, digits and hyphens"),
        ({"respond": {"headers": {"Content-Length": "1"}}}, "the header Content-Length is set by the box itself"),
        (
            {"respond": {"status": 204, "body": "x"}},
            "an answer with status 204 has no body: leave body out, or use 200",
        ),
        ({"auth": None}, "expected none, {bearer: …}, {basic: …} or {hmac: …}, got a NoneType"),
        ({"auth": "s3cr3t"}, "expected none, {bearer: …}, {basic: …} or {hmac: …}, got a str"),
        ({"auth": {}}, "expected one of bearer, basic or hmac, or the word none, got nothing"),
        (
            {"auth": {"bearer": "a", "basic": {}}},
            "expected one of bearer, basic or hmac, or the word none, got bearer and basic",
        ),
        ({"auth": {"bearer": None}}, "bearer: is empty, so anyone could call; write auth: none if that is meant"),
        ({"auth": {"bearer": []}}, "expected a secret's name, or a list of them, got []"),
        ({"auth": {"bearer": "${secret.crm}"}}, "expected the secret's bare name: write crm, not ${secret.crm}"),
        (
            {"auth": {"bearer": "s3 cr3t!"}},
            "expected a secret's name, which has letters, digits, _ and - alone",
        ),
        ({"auth": {"basic": {"user": "a:b", "password": "p"}}}, "a user's name cannot have a colon, got 'a:b'"),
        (
            {"auth": {"hmac": {"kind": "header", "secret": "s"}}},
            "header: is missing: which header has the signature, such as X-Signature?",
        ),
        (
            {"auth": {"hmac": {"kind": "github", "secret": "s", "prefix": "x", "header": "y"}}},
            "header, prefix: belongs to kind: header, and this is github",
        ),
        (
            {"auth": {"hmac": {"kind": "github", "secret": "s", "tolerance": "1m"}}},
            "tolerance: github signs no time, so there is nothing to tolerate",
        ),
    ],
)
def test_faults_say_what_was_expected(given: dict[str, Any], expected: str) -> None:
    assert messages(**given) == [expected]


@pytest.mark.parametrize(
    ("given", "topic", "claims"),
    [
        ({}, "webhook.w", ["POST /hooks/w"]),
        ({"path": "orders/{number}"}, "webhook.orders/{number}", ["POST /hooks/orders/{}"]),
        ({"methods": "GET"}, "webhook.w:GET", ["GET /hooks/w"]),
        ({"methods": ["PUT", "GET"]}, "webhook.w:GET+PUT", ["GET /hooks/w", "PUT /hooks/w"]),
        (
            {"methods": "any"},
            "webhook.w",
            ["DELETE /hooks/w", "GET /hooks/w", "PATCH /hooks/w", "POST /hooks/w", "PUT /hooks/w"],
        ),
    ],
)
def test_topic_and_claims(given: dict[str, Any], topic: str, claims: list[str]) -> None:
    kind = webhook_trigger()
    assert kind.topic("any-flow", hook(**given)) == topic
    assert list(kind.conflicts(hook(**given))) == claims


@pytest.mark.parametrize(
    "given",
    [
        {"path": "w"},
        {"path": "w", "methods": "any", "auth": "none", "respond": "now"},
        {"path": "w", "methods": ["GET", "PUT"], "auth": {"bearer": ["a", "b"]}, "respond": "step"},
        {"path": "w", "auth": {"basic": {"user": "a", "password": "p"}}, "respond": {"status": 204}},
        {"path": "w", "auth": {"hmac": {"kind": "stripe", "secret": "s", "tolerance": "10m"}}, "key": "body.id"},
    ],
)
def test_schema_takes_what_the_model_takes(given: dict[str, Any]) -> None:
    WebhookSettings.model_validate(given)
    jsonschema.validate(given, WebhookSettings.model_json_schema())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"path": "w", "methods": "FETCH"},
        {"path": "w", "auth": {}},
        {"path": "w", "respond": "later"},
        {"path": "w", "respond": {"when": "now"}},
        {"path": "w", "extra": 1},
    ],
)
def test_schema_refuses_what_the_model_refuses(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate(given)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(given, WebhookSettings.model_json_schema())
