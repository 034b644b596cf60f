from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from multidict import CIMultiDict
from standardwebhooks import Webhook
from tests.web.box import NOW, flow, open_box

from onebox.web.switchboard import secret_faults

BODY = b'{"id": "evt_7", "test": 2432232314}'
STANDARD_SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER_STANDARD_SECRET = "whsec_" + base64.b64encode(b"another-secret-of-24-byt").decode()


async def answered(body: bytes, headers: dict[str, str], secrets: dict[str, str], **auth: Any) -> int:
    async with open_box(auth=auth, secrets=secrets) as box:
        status, answer = await box.post("/hooks/w", body, **headers)
        assert bool(box.stored) == (status == 200)
        if status == 401:
            assert answer == {"error": "not_authorised", "message": "this address needs valid credentials"}
        return status


# --- Standard Webhooks, with its own library as the other side ------------------------------------------------------


def standard_headers(secret: str, *, age: timedelta = timedelta(0), body: bytes = BODY) -> dict[str, str]:
    signed_at = NOW - age
    signature = Webhook(secret).sign("msg_1", signed_at, body.decode())
    return {
        "webhook_id": "msg_1",
        "webhook_timestamp": str(int(signed_at.timestamp())),
        "webhook_signature": signature,
        "Content_Type": "application/json",
    }


STANDARD = {"kind": "standard", "secret": ["new", "old"]}
STANDARD_SECRETS = {"new": STANDARD_SECRET, "old": OTHER_STANDARD_SECRET}


@pytest.mark.parametrize("secret", [STANDARD_SECRET, OTHER_STANDARD_SECRET])
async def test_standard_signature_by_either_secret(secret: str) -> None:
    assert await answered(BODY, standard_headers(secret), STANDARD_SECRETS, hmac=STANDARD) == 200


@pytest.mark.parametrize(("age", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
async def test_standard_signature_has_its_time(age: int, status: int) -> None:
    headers = standard_headers(STANDARD_SECRET, age=timedelta(seconds=age))
    assert await answered(BODY, headers, STANDARD_SECRETS, hmac=STANDARD) == status


async def test_second_id_makes_no_replay_new() -> None:
    headers = CIMultiDict({name.replace("_", "-"): value for name, value in standard_headers(STANDARD_SECRET).items()})
    async with open_box(auth={"hmac": STANDARD}, secrets=STANDARD_SECRETS) as box:
        for status in (200, 401):
            async with box.client.post(f"{box.url}/hooks/w", data=BODY, headers=headers) as response:
                assert response.status == status
            headers.add("Webhook-Id", "msg_2")
        assert len(box.stored) == 1


async def test_standard_tolerance_may_be_set() -> None:
    headers = standard_headers(STANDARD_SECRET, age=timedelta(minutes=50))
    assert await answered(BODY, headers, STANDARD_SECRETS, hmac={**STANDARD, "tolerance": "1h"}) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_id": "msg_2"},
        {"webhook_id": ""},
        {"webhook_timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "9" * 400},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "v1,not base64!"},
        {"webhook_signature": "é"},
    ],
)
async def test_standard_headers_that_were_changed(changed: dict[str, str]) -> None:
    headers = {**standard_headers(STANDARD_SECRET), **changed}
    assert await answered(BODY, headers, STANDARD_SECRETS, hmac=STANDARD) == 401


async def test_standard_takes_one_good_signature_of_several() -> None:
    headers = standard_headers(STANDARD_SECRET)
    headers["webhook_signature"] = "v1a,AAAA v1,AAAA " + headers["webhook_signature"]
    assert await answered(BODY, headers, STANDARD_SECRETS, hmac=STANDARD) == 200


async def test_standard_signature_of_another_version_is_none() -> None:
    headers = standard_headers(STANDARD_SECRET)
    headers["webhook_signature"] = headers["webhook_signature"].replace("v1,", "v2,")
    assert await answered(BODY, headers, STANDARD_SECRETS, hmac=STANDARD) == 401


async def test_body_that_was_changed() -> None:
    headers = standard_headers(STANDARD_SECRET)
    assert await answered(BODY + b" ", headers, STANDARD_SECRETS, hmac=STANDARD) == 401


async def test_standard_id_is_the_key_whatever_else_is_said() -> None:
    async with open_box(auth={"hmac": STANDARD}, secrets=STANDARD_SECRETS) as box:
        first = await box.post("/hooks/w", BODY, **standard_headers(STANDARD_SECRET))
        again = await box.post("/hooks/w", BODY, **standard_headers(STANDARD_SECRET), Idempotency_Key="replayed")
        assert first == again
        assert box.event.key == "msg_1"


# --- GitHub, Stripe, plain headers ----------------------------------------------------------------------------------

GITHUB_SECRETS = {"key": "It's a Secret to Everybody"}
GITHUB_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    ("signature", "status"),
    [
        (GITHUB_SIGNATURE, 200),
        (GITHUB_SIGNATURE[7:], 401),
        (GITHUB_SIGNATURE[:-1] + "8", 401),
        ("sha256=", 401),
        ("sha1=757107ea", 401),
        ("", 401),
    ],
)
async def test_github_by_the_example_of_its_documentation(signature: str, status: int) -> None:
    headers = {"X_Hub_Signature_256": signature, "X_GitHub_Delivery": "d-1"}
    hmac = {"kind": "github", "secret": "key"}
    assert await answered(b"Hello, World!", headers, GITHUB_SECRETS, hmac=hmac) == status


async def test_github_delivery_is_the_key() -> None:
    async with open_box(auth={"hmac": {"kind": "github", "secret": "key"}}, secrets=GITHUB_SECRETS) as box:
        headers = {"X_Hub_Signature_256": GITHUB_SIGNATURE, "X_GitHub_Delivery": "d-1"}
        await box.post("/hooks/w", b"Hello, World!", **headers)
        assert box.event.key == "d-1"


def stripe_signature(body: bytes, stamp: int, secret: str) -> str:
    peer = HMAC(secret.encode(), SHA256())
    peer.update(f"{stamp}.".encode() + body)
    return peer.finalize().hex()


STAMP = int(NOW.timestamp())
GOOD = stripe_signature(BODY, STAMP, "whsec_made_up")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"t={STAMP},v1={GOOD},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39", 200),
        (f"t={STAMP},v1=00ff,v1={GOOD}", 200),
        (f"v1={GOOD}, t={STAMP}", 200),
        (f"t={STAMP},v0={GOOD}", 401),
        (f"t={STAMP + 1},v1={GOOD}", 401),
        (f"v1={GOOD}", 401),
        (f"t={STAMP}", 401),
        ("", 401),
        (f"t={STAMP - 301},v1={stripe_signature(BODY, STAMP - 301, 'whsec_made_up')}", 401),
    ],
)
async def test_stripe(header: str, status: int) -> None:
    headers = {"Stripe_Signature": header, "Content_Type": "application/json"}
    hmac = {"kind": "stripe", "secret": "key"}
    assert await answered(BODY, headers, {"key": "whsec_made_up"}, hmac=hmac) == status


async def test_stripe_event_id_is_the_key() -> None:
    async with open_box(auth={"hmac": {"kind": "stripe", "secret": "key"}}, secrets={"key": "whsec_made_up"}) as box:
        headers = {"Stripe_Signature": f"t={STAMP},v1={GOOD}", "Content_Type": "application/json"}
        await box.post("/hooks/w", BODY, **headers)
        assert box.event.key == "evt_7"


RFC_BODY = b"what do ya want for nothing?"
RFC_SHA1 = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
RFC_SHA256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
RFC_SHA512 = (
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
)


@pytest.mark.parametrize(
    ("scheme", "signature", "status"),
    [
        ({}, RFC_SHA256, 200),
        ({}, RFC_SHA256.upper(), 200),
        ({"prefix": "sha256="}, f"sha256={RFC_SHA256}", 200),
        ({"prefix": "sha256="}, RFC_SHA256, 401),
        ({"encoding": "base64"}, base64.b64encode(bytes.fromhex(RFC_SHA256)).decode(), 200),
        ({"encoding": "base64"}, RFC_SHA256, 401),
        ({"algorithm": "sha1"}, RFC_SHA1, 200),
        ({"algorithm": "sha512"}, RFC_SHA512, 200),
        ({}, RFC_SHA512, 401),
        ({}, RFC_SHA256[:32], 401),
        ({}, "", 401),
    ],
)
async def test_plain_header_by_the_examples_of_rfc_4231(scheme: dict[str, str], signature: str, status: int) -> None:
    hmac = {"kind": "header", "secret": "key", "header": "X-Signature", **scheme}
    assert await answered(RFC_BODY, {"X_Signature": signature}, {"key": "Jefe"}, hmac=hmac) == status


# --- bearer and basic -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer made-up", 200),
        ("bearer older", 200),
        ("Bearer wrong", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("made-up", 401),
        ("Basic made-up", 401),
        ("Bearer mädé", 401),
        (None, 401),
    ],
)
async def test_bearer(header: str | None, status: int) -> None:
    headers = {"Authorization": header} if header else {}
    assert await answered(b"", headers, {"t": "made-up", "u": "older"}, bearer=["t", "u"]) == status


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (basic("ana:pass:wörd"), 200),
        (basic("ana:wrong"), 401),
        (basic("eve:pass:wörd"), 401),
        (basic("ana"), 401),
        ("Basic !", 401),
        ("Basic", 401),
        ("", 401),
    ],
)
async def test_basic(header: str, status: int) -> None:
    auth = {"user": "ana", "password": "pw"}
    assert await answered(b"", {"Authorization": header}, {"pw": "pass:wörd"}, basic=auth) == status


@pytest.mark.parametrize(
    ("auth", "challenge"),
    [
        ({"bearer": "k"}, 'Bearer realm="onebox"'),
        ({"basic": {"user": "ana", "password": "k"}}, 'Basic realm="onebox", charset="UTF-8"'),
    ],
)
async def test_challenge(auth: dict[str, Any], challenge: str) -> None:
    async with open_box(auth=auth, secrets={"k": "x"}) as box, box.client.post(f"{box.url}/hooks/w") as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, challenge)


async def test_stranger_is_refused_before_the_body_is_looked_at() -> None:
    async with open_box(auth={"bearer": "k"}, secrets={"k": "x"}) as box:
        assert (await box.post("/hooks/w", "{", Content_Type="application/json"))[0] == 401


# --- secrets that are missing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("secrets", [{}, {"k": ""}])
async def test_hook_without_its_secret_is_shut(secrets: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    async with open_box(auth={"bearer": "k"}, secrets=secrets) as box:
        for given in ("Bearer", "Bearer ", "Bearer k", "Bearer None"):
            status, answer = await box.post("/hooks/w", Authorization=given)
            assert (status, answer["error"]) == (503, "hook_unusable")
        assert box.stored == {}
    assert "the secret k is not set" in capsys.readouterr().out


async def test_faults_name_file_line_and_secret() -> None:
    unsigned = flow("a", path="a", auth={"hmac": {"kind": "standard", "secret": "not_base64"}})
    missing = flow("b", path="b", auth={"bearer": ["there", "gone"]})
    async with open_box(unsigned, missing, flow("c", path="c")) as box:
        assert secret_faults(box.book, {"not_base64": "!!", "there": "x"}) == [
            "flows/a.yaml:2:3: the secret not_base64 is no Standard Webhooks secret: whsec_ and base64",
            "flows/b.yaml:2:3: the secret gone is not set",
        ]
