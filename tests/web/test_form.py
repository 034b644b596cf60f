"""Web forms: what is taken, what is refused, and how it is said."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.web.box import Box, flow, open_box, raw_exchange

from onebox.flows.kinds import EventRefused
from onebox.kernel.ledger import StorageFull
from onebox.web.form.settings import FormSettings
from onebox.web.form.trigger import form_trigger
from onebox.web.settings import WebSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FIELDS: dict[str, Any] = {
    "name": {"type": "text", "max": 100},
    "email": "email",
    "message": {"type": "text", "max": 5000},
}
ANA = {"name": "Ana", "email": "ana@Example.org", "message": "Hello"}
AS_JSON = {"Accept": "application/json"}
AS_PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
SALON = "https://salon.example"


@asynccontextmanager
async def open_form(*, settings: WebSettings | None = None, **form: Any) -> AsyncIterator[Box]:
    made = flow("contact", kind=form_trigger(), **{"path": "/forms/contact", "fields": FIELDS, **form})
    async with open_box(made, settings=settings) as box:
        yield box


async def send(
    box: Box, data: Any = None, headers: dict[str, str] | None = None, **given: Any
) -> tuple[int, Any, aiohttp.ClientResponse]:
    """Status, body and answer of a form; as JSON unless `headers` say otherwise."""
    async with box.client.post(
        f"{box.url}/forms/contact", data=data, headers=AS_JSON | (headers or {}), allow_redirects=False, **given
    ) as answer:
        kind = answer.headers.get("Content-Type", "")
        return answer.status, await (answer.json() if "json" in kind else answer.text()), answer


# --- what is taken


async def test_a_form_is_stored_before_it_is_thanked_for() -> None:
    async with open_form() as box:
        status, told, _ = await send(box, ANA | {"unknown": "x"}, {"User-Agent": "Browser", "Referer": SALON})

        assert (status, told) == (200, {"ok": True, "id": box.event.id})
        assert (box.event.topic, box.event.source, box.event.sender) == (
            "form.contact",
            "form:/forms/contact",
            "127.0.0.1",
        )
        assert box.event.data == {
            "fields": {"name": "Ana", "email": "ana@example.org", "message": "Hello"},
            "extra": {},
            "form": "/forms/contact",
            "remote": "127.0.0.1",
            "origin": SALON,
            "user_agent": "Browser",
        }


async def test_all_ways_to_send_a_form_give_the_same() -> None:
    multipart = aiohttp.FormData(ANA, default_to_multipart=True)
    for given in ({"data": ANA}, {"data": multipart()}, {"json": ANA}):
        async with open_form() as box:
            status, _, _ = await send(box, **given)

            assert status == 200
            assert box.event.data["fields"] == {"name": "Ana", "email": "ana@example.org", "message": "Hello"}


async def test_a_browser_is_sent_on() -> None:
    async with open_form(then=f"{SALON}/thanks") as box:
        status, body, answer = await send(box, ANA, AS_PAGE)

        assert (status, body, answer.headers["Location"]) == (303, "", f"{SALON}/thanks")


async def test_a_browser_without_an_aim_gets_a_page() -> None:
    async with open_form() as box:
        status, body, answer = await send(box, ANA, AS_PAGE)

        assert (status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<h1>Thank you</h1>" in body


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"n": "7"}, {"n": 7, "x": None, "ok": False, "day": None, "what": "cut", "also": ["a"]}),
        (
            {"n": " -3 ", "x": "2,5", "ok": "on", "day": "2026-03-29", "what": "colour", "also": ["a", "b"]},
            {"n": -3, "x": 2.5, "ok": True, "day": "2026-03-29", "what": "colour", "also": ["a", "b"]},
        ),
        ({"n": 7, "x": 1.5, "ok": False}, {"n": 7, "x": 1.5, "ok": False, "day": None, "what": "cut", "also": ["a"]}),
    ],
)
async def test_fields_become_values(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    fields = {
        "n": {"type": "integer", "min": -5, "max": 9},
        "x": {"type": "number", "required": False},
        "ok": "checkbox",
        "day": {"type": "date", "required": False},
        "what": {"type": "choice", "options": ["cut", "colour"], "default": "cut"},
        "also": {"type": "choices", "options": ["a", "b"], "default": ["a"]},
    }
    async with open_form(fields=fields) as box:
        status, told, _ = await send(box, json=sent)

        assert status == 200, told
        assert box.event.data["fields"] == kept


async def test_what_is_not_named_is_kept_if_the_form_says_so() -> None:
    async with open_form(extra="keep") as box:
        await send(box, ANA | {"utm_source": "letter", "_wpcf7": "12"})

        assert box.event.data["extra"] == {"utm_source": "letter"}


async def test_the_same_key_is_one_lead() -> None:
    async with open_form() as box:
        first = await send(box, ANA, {"Idempotency-Key": "a"})
        again = await send(box, ANA, {"Idempotency-Key": "a"})

        assert first[:2] == again[:2] == (200, {"ok": True, "id": box.event.id})


# --- WordPress


CONTACT_FORM_7 = {
    "_wpcf7": "123",
    "_wpcf7_version": "6.1",
    "_wpcf7_locale": "en_US",
    "_wpcf7_unit_tag": "wpcf7-f123-p45-o1",
    "your-name": "Ana",
    "your-email": "ana@example.org",
    "your-subject": "Friday",
    "your-message": "Hello",
}
WPFORMS = {
    "form_id": "77",
    "entry_id": "901",
    "fields": {
        "0": {"name": "Your Name", "value": "Ana", "id": 0, "type": "name", "first": "", "last": ""},
        "1": {"name": "E-Mail", "value": "ana@example.org", "id": 1, "type": "email"},
        "2": {"name": "Message", "value": "Hello", "id": 2, "type": "textarea"},
    },
}


@pytest.mark.parametrize(
    "body",
    [
        CONTACT_FORM_7,
        WPFORMS,
        WPFORMS | {"fields": list(WPFORMS["fields"].values())},  # type: ignore[attr-defined]
        {"fields": {"name": "Ana", "email": "ana@example.org", "message": "Hello"}},
        {"Name": "Ana", "Your E-mail": "ana@example.org", "MESSAGE": "Hello"},
    ],
    ids=["Contact Form 7", "WPForms", "a list of entries", "fields within", "labels"],
)
async def test_wordpress_plugins_are_understood_as_they_are(body: dict[str, Any]) -> None:
    async with open_form() as box:
        status, told, _ = await send(box, json=body)

        assert status == 200, told
        assert box.event.data["fields"] == {"name": "Ana", "email": "ana@example.org", "message": "Hello"}


async def test_the_exact_name_goes_before_one_like_it() -> None:
    async with open_form(fields={"name": {"from": ["who"]}}) as box:
        await send(box, {"Your Name": "loose", "your-name": "plugin", "who": "listed", "name": "exact"})

        assert box.event.data["fields"] == {"name": "exact"}


async def test_an_entry_of_wpforms_is_stored_once() -> None:
    async with open_form(key="body.entry_id") as box:
        await send(box, json=WPFORMS)
        await send(box, json=WPFORMS)

        assert box.event.key == "901"


# --- what is refused


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("text", None, "F is missing"),
        ("text", "  \n ", "F is missing"),
        ("text", {"a": 1}, "F must be a text"),
        ({"type": "text", "max": 3}, "long", "F is too long: at most 3 characters, and it has 4"),
        ({"type": "text", "min": 3}, "ab", "F is too short: at least 3 characters"),
        (
            {"type": "text", "pattern": "[a-z]+", "label": "Your code"},
            "a1",
            "Your code does not have the form that is asked for",
        ),
        ("email", "ana@example", "F is no e-mail address, such as ana@example.org"),
        ("email", "ana@example.org\nBcc: b@example.org", "F is no e-mail address, such as ana@example.org"),
        ("email", "Ana <ana@example.org>", "F is no e-mail address, such as ana@example.org"),
        ("url", "javascript:alert(1)", "F is no web address, such as https://example.org"),
        ("url", "http://[", "F is no web address"),
        ("phone", "call me", "F is no telephone number, such as +49 30 1234567"),
        ("integer", "1.5", "F is no whole number"),
        ("integer", "9" * 30, "F is no whole number"),
        ({"type": "integer", "max": 9}, 10, "F must be at most 9"),
        ("number", "nan", "F is no number"),
        ("number", True, "F must be a text"),
        ({"type": "checkbox", "required": True}, "off", "F must be ticked"),
        ("date", "29.03.2026", "F is no date, such as 2026-03-29"),
        ({"type": "choice", "options": ["a", "b"]}, "c", "F must be one of: a, b"),
        ({"type": "choices", "options": ["a", "b"]}, ["a", "c"], "F must be one of: a, b"),
        ("text", "\u0000\u0007", "F is missing"),
        ("text", "x" * 500_000, "F is too long: at most 10000 characters, and it has 500000"),
        ("integer", "9" * 900_000, "F is too long: at most 10000 characters, and it has 900000"),
        ("text", ["x"] * 1001, "F comes more than 1,000 times"),
        ("email", "ana@127.0.0.11", "F is no e-mail address, such as ana@example.org"),
        ("number", "1,234", "F is no number"),
        ("date", "2026-W01-1", "F is no date, such as 2026-03-29"),
        ("date", "20260101", "F is no date, such as 2026-03-29"),
        ("file", "not a file", "F must be a file"),
        ("file", {"filename": "x.pdf", "size": 1, "bytes": "hello"}, "F must be a file"),
        ("file", {"filename": "x.pdf", "size": None}, "F must be a file"),
    ],
)
async def test_a_wrong_value_is_told_by_its_label(field: Any, value: Any, said: str) -> None:
    async with open_form(fields={"f": field}) as box:
        status, told, _ = await send(box, json={"f": value})

        assert (status, told["error"], told["fields"]) == (422, "fields_invalid", {"f": said})
        assert box.stored == {}


async def test_all_faults_are_told_at_once_on_a_page() -> None:
    async with open_form() as box:
        status, body, _ = await send(box, {"name": "<b>Ana</b>" * 50, "email": "<script>"}, AS_PAGE)

        assert status == 422
        for said in ("Name is too long", "Email is no e-mail address", "Message is missing", "Please go back"):
            assert said in body
        assert "<script>" not in body


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[1]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"hello", "text/plain", 400),
        (b"\x00\x01", "application/octet-stream", 400),
        (b"x", "multipart/form-data; boundary=a", 400),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % number for number in range(1100)), "application/x-www-form-urlencoded", 400),
        (b"[" * 300 + b"]" * 300, "application/json", 400),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, kind: str, status: int) -> None:
    async with open_form() as box:
        answered, told, _ = await send(box, body, {"Content-Type": kind})

        assert (answered, told["ok"]) == (status, False)
        assert box.stored == {}


async def test_what_nobody_typed_is_taken_out() -> None:
    async with open_form() as box:
        status, _, _ = await send(box, json=ANA | {"name": "A\u0000n\u001b[31ma\r\n", "message": "one\r\ntwo\x07"})

        assert status == 200
        assert box.event.data["fields"]["name"] == "An[31ma"
        assert box.event.data["fields"]["message"] == "one\ntwo"


async def test_an_address_without_a_form_is_not_found() -> None:
    async with open_form() as box:
        for path in ("/forms/other", "/forms/", "/forms/contact/"):
            async with box.client.post(f"{box.url}{path}") as answer:
                assert answer.status == 404


async def test_a_form_is_not_read_by_get() -> None:
    async with open_form() as box, box.client.get(f"{box.url}/forms/contact", headers=AS_JSON) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")


async def test_a_full_disk_is_told_as_the_sender_asks() -> None:
    async with open_form() as box:
        box.ledger.refusal = StorageFull("full")
        as_json, as_page = await send(box, ANA), await send(box, ANA, AS_PAGE)

        assert (as_json[0], as_json[1]["error"], as_json[2].headers["Retry-After"]) == (503, "storage_full", "10")
        assert as_page[0] == 503
        assert "<h1>This was not taken</h1>" in as_page[1]


# --- other sites


@pytest.mark.parametrize("origin", [SALON, "HTTPS://SALON.EXAMPLE"])
async def test_a_page_that_is_named_may_send(origin: str) -> None:
    async with open_form(allow_origins=[SALON]) as box:
        status, _, answer = await send(box, ANA, {"Origin": origin})

        assert (status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
        assert "Origin" in answer.headers["Vary"]


async def test_a_page_of_another_site_may_not() -> None:
    async with open_form(allow_origins=[SALON]) as box:
        status, told, answer = await send(box, ANA, {"Origin": "https://evil.example"})

        assert (status, told["error"]) == (403, "origin_refused")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert box.stored == {}


async def test_the_box_s_own_pages_and_programs_may_always() -> None:
    async with open_form() as box:
        for origin in ({"Origin": box.url}, {}):
            assert (await send(box, ANA, origin))[0] == 200
        assert (await send(box, ANA, {"Origin": "null"}))[0] == 403


@pytest.mark.parametrize("origin", ["http://[", "http://[x]@", "http://evil\udcff.example"])
async def test_an_origin_that_is_no_address_is_refused(origin: str) -> None:
    async with open_form() as box:
        head = f"POST /forms/contact HTTP/1.1\r\nHost: box\r\nOrigin: {origin}\r\nAccept: application/json\r\n"
        sent = f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode("utf-8", "surrogateescape")

        assert (await raw_exchange(box.port, sent)).startswith(b"HTTP/1.1 403 ")


async def test_a_browser_is_told_before_it_sends() -> None:
    async with open_form(allow_origins=[SALON]) as box:
        asked = {"Origin": SALON, "Access-Control-Request-Method": "POST"}
        async with box.client.options(f"{box.url}/forms/contact", headers=asked) as answer:
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, SALON)
            assert "content-type" in answer.headers["Access-Control-Allow-Headers"]
        async with box.client.options(f"{box.url}/forms/contact", headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403


# --- spam


async def test_a_bot_is_thanked_and_nothing_is_kept() -> None:
    async with open_form(spam={"honeypot": "website"}, then=f"{SALON}/thanks") as box:
        told = (await send(box, ANA | {"website": "http://spam.example"}))[1]
        status, _, _ = await send(box, {"website": "x"}, AS_PAGE)

        assert told.keys() == {"ok", "id"}
        assert status == 303
        assert box.stored == {}
        assert (await send(box, ANA | {"website": " "}))[0] == 200


async def test_an_address_sends_so_many_forms_and_no_more() -> None:
    async with open_form(spam={"per_ip": "2/1m"}) as box:
        first = [(await send(box, ANA))[0] for _ in range(3)]
        status, _, answer = await send(box, ANA, AS_PAGE)

        assert first == [200, 200, 429]
        assert (status, answer.headers["Retry-After"]) == (429, "60")


@pytest.mark.parametrize(("trusted", "statuses"), [(True, [200, 200, 429]), (False, [200, 429, 429])])
async def test_whom_a_proxy_calls_for_counts_only_where_it_is_trusted(trusted: bool, statuses: list[int]) -> None:  # noqa: FBT001
    proxies = [ip_network("127.0.0.0/8")] if trusted else []
    async with open_form(spam={"per_ip": "1/1m"}, settings=WebSettings(trusted_proxies=proxies)) as box:
        seen = [
            (await send(box, ANA, {"X-Forwarded-For": address}))[0]
            for address in ("203.0.113.1", "2001:db8::1", "2001:db8::2")
        ]

        assert seen == statuses


# --- files


CV = {"cv": {"type": "file", "accept": ["application/pdf", ".txt", "image/*"], "size": "1KB"}}


def upload(name: str = "cv.pdf", content: bytes = b"%PDF", kind: str = "application/pdf", field: str = "cv") -> Any:
    form = aiohttp.FormData()
    form.add_field(field, content, filename=name, content_type=kind)
    return form


def kept_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


async def test_a_file_lies_in_the_files_folder_under_a_name_of_the_box() -> None:
    async with open_form(fields=CV) as box:
        head = 'Content-Disposition: form-data; name="cv"; filename="../../etc\\\\evil\u202e.sh;.pdf"'
        sent = f"--x\r\n{head}\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n".encode()
        status, told, _ = await send(box, sent, {"Content-Type": "multipart/form-data; boundary=x"})

        assert status == 200, told
        kept = box.event.data["fields"]["cv"]
        assert kept == {
            "filename": "evil.sh;.pdf",
            "content_type": "application/pdf",
            "size": 4,
            "file": f"{box.event.id}/1",
        }
        [file] = kept_files(box.files)
        assert (file, file.read_bytes()) == (box.files / kept["file"], b"%PDF")
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert b"%PDF" not in box.event.payload.encode()


async def test_several_files_and_none() -> None:
    fields = {"cv": {"type": "file", "many": True, "required": False}}
    async with open_form(fields=fields) as box:
        form = aiohttp.FormData()
        for name in ("a.txt", "b.txt"):
            form.add_field("cv", name.encode(), filename=name)
        await send(box, form)

        assert [one["filename"] for one in box.event.data["fields"]["cv"]] == ["a.txt", "b.txt"]
        assert [file.read_bytes() for file in kept_files(box.files)] == [b"a.txt", b"b.txt"]
    async with open_form(fields=fields) as box:
        await send(box, upload("", b""))

        assert box.event.data["fields"]["cv"] is None
        assert kept_files(box.files) == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (upload(content=b"x" * 1001), "Cv is too large: at most 1,000 bytes, and it has 1,001"),
        (upload("a.exe", kind="application/x-msdownload"), "Cv must be one of: application/pdf, .txt, image/*"),
        (upload("", b""), "Cv is missing"),
        (upload("cv.pdf", b""), "Cv is an empty file"),
    ],
)
async def test_a_wrong_file_is_refused_and_not_kept(sent: Any, said: str) -> None:
    async with open_form(fields=CV) as box:
        status, told, _ = await send(box, sent)

        assert (status, told["fields"]) == (422, {"cv": said})
        assert kept_files(box.files) == []


async def test_a_body_over_the_form_s_own_limit_is_refused() -> None:
    async with open_form(fields=CV, body="2KB") as box:
        status, told, _ = await send(box, upload(content=b"x" * 5000))

        assert (status, told["error"]) == (413, "body_too_large")


async def test_a_form_may_take_more_than_the_box() -> None:
    fields = {"cv": {"type": "file", "size": "1MB"}}
    async with open_form(fields=fields, body="1MB", settings=WebSettings(body_limit=1000)) as box:
        assert (await send(box, upload(content=b"x" * 50_000)))[0] == 200


@pytest.mark.parametrize("trouble", ["the disk is full", "it came before"])
async def test_files_go_with_what_is_not_stored(trouble: str) -> None:
    async with open_form(fields=CV) as box:
        if trouble == "it came before":
            await send(box, upload(), {"Idempotency-Key": "a"})
            assert (await send(box, upload(), {"Idempotency-Key": "a"}))[0] == 200
            assert [file.parent.name for file in kept_files(box.files)] == [box.event.id]
        else:
            box.ledger.refusal = StorageFull("full")
            assert (await send(box, upload()))[0] == 503
            assert kept_files(box.files) == []


# --- settings and tests of flows


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": "contact"}, "expected a path such as /forms/contact, got 'contact'"),
        ({"path": "/forms/../x"}, "expected a path such as /forms/contact"),
        ({"fields": {"your-name": "text"}}, "a field cannot be called 'your-name'"),
        ({"fields": {"a": {"type": "choice"}}}, "options: is missing"),
        ({"fields": {"a": {"pattern": "("}}}, "'(' is no regular expression of RE2"),
        ({"allow_origins": ["https://Salon.example/"]}, "write https://salon.example, not https://Salon.example/"),
        ({"allow_origins": ["salon.example"]}, "expected an origin such as https://salon.example"),
        ({"spam": {"per_ip": "5"}}, "expected a rate such as 5/1m"),
        ({"spam": {"honeypot": "name"}}, "'name' is a field that people fill in"),
        ({"then": "javascript:alert(1)"}, "expected an address such as https://salon.example/thanks"),
        ({"then": "//evil.example"}, "expected an address such as"),
        ({"body": "200MB"}, "at most 100MB"),
        ({"key": "nowhere"}, "expected a place such as body.id"),
    ],
)
def test_a_wrong_setting_is_told(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="validation error") as wrong:
        FormSettings.model_validate({"path": "/forms/contact", "fields": FIELDS, **settings})

    assert said in str(wrong.value)


def test_an_example_is_read_as_if_it_had_been_sent() -> None:
    kind = form_trigger()
    spam = {"honeypot": "website"}
    settings = kind.settings.model_validate({"path": "/forms/contact", "fields": FIELDS | CV, "spam": spam})
    given = ANA | {"cv": {"filename": "cv.pdf", "content_type": "application/pdf", "size": 4}}

    made = kind.example(settings, given, None)  # type: ignore[arg-type] # a form has no time of its own

    assert set(made) == set(kind.names or ())
    assert (made["fields"]["cv"]["filename"], made["fields"]["cv"]["size"]) == ("cv.pdf", 4)
    assert kind.example(settings, kind.given(settings, made), None) == made  # type: ignore[arg-type]
    with pytest.raises(EventRefused, match="Email is no e-mail address"):
        kind.example(settings, given | {"email": "x"}, None)  # type: ignore[arg-type]
    with pytest.raises(EventRefused, match="the honeypot 'website' is filled"):
        kind.example(settings, given | {"website": "x"}, None)  # type: ignore[arg-type]


def test_the_example_of_the_format_is_plain_json(snapshot: Any) -> None:
    kind = form_trigger()
    settings = kind.settings.model_validate({"path": "/forms/contact", "fields": FIELDS})

    assert json.dumps(kind.example(settings, ANA, None), indent=1) == snapshot  # type: ignore[arg-type]
