"""What servers say and do, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.email.conftest import MovableClock, letter
from tests.channels.email.servers import Authority, Postbox, Script, mail_server, scripted

from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.channels.email.channel import EmailChannel
    from onebox.messaging.message import Message

    Make = Callable[..., EmailChannel]


async def failure(channel: EmailChannel, message: Message | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message or letter())
    return failed.value


def told(failed: DeliveryFailed) -> tuple[str, str]:
    return failed.kind, "for good" if failed.permanent else "passing"


# --- TLS and login


async def test_starttls_comes_before_the_login(authority: Authority, make_channel: Make) -> None:
    postbox = Postbox()
    async with mail_server(
        postbox,
        tls_context=authority.context(),
        require_starttls=True,
        auth_required=True,
        authenticator=postbox.authenticate,
    ):
        login = {"user": "desk", "password": "s3cret-word", "ca_file": authority.ca_file}
        await make_channel(postbox.port, security="starttls", **login).deliver(letter())

    assert postbox.logins == [(b"desk", b"s3cret-word", True)]
    assert len(postbox.taken) == 1


async def test_tls_from_the_first_byte(authority: Authority, make_channel: Make) -> None:
    async with mail_server(Postbox(), tls=authority.context()) as postbox:
        await make_channel(postbox.port, security="tls", ca_file=authority.ca_file).deliver(letter())

    assert len(postbox.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    authority: Authority, make_channel: Make, security: str
) -> None:
    given: dict[str, Any] = {"tls": authority.context()} if security == "tls" else {"tls_context": authority.context()}
    async with mail_server(Postbox(), **given) as postbox:
        failed = await failure(make_channel(postbox.port, security=security))

    assert told(failed) == ("misconfigured", "passing")
    assert failed.message.startswith("the TLS of localhost is not good: unable to get local issuer certificate; ")
    assert postbox.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_another_name_is_not_believed(
    authority: Authority, make_channel: Make, security: str
) -> None:
    other = authority.context("other.example.org")
    given: dict[str, Any] = {"tls": other} if security == "tls" else {"tls_context": other}
    async with mail_server(Postbox(), **given) as postbox:
        failed = await failure(make_channel(postbox.port, security=security, ca_file=authority.ca_file))

    assert told(failed) == ("misconfigured", "passing")
    assert "Hostname mismatch" in failed.message
    assert postbox.taken == []


async def test_without_starttls_nothing_is_said_at_all(make_channel: Make) -> None:
    async with scripted(Script()) as script:
        failed = await failure(make_channel(script.port, security="starttls", user="desk", password="s3cret-word"))

    assert told(failed) == ("misconfigured", "passing")
    assert "SMTP STARTTLS extension not supported by server" in failed.message
    assert [line.partition(" ")[0] for line in script.heard] == ["EHLO"]


async def test_a_server_that_promises_tls_and_has_none(make_channel: Make) -> None:
    answers = {"EHLO": "250-mx.example.org\r\n250 STARTTLS", "STARTTLS": "220 go on\r\nnot TLS at all"}
    async with scripted(Script(**answers)) as script:
        failed = await failure(make_channel(script.port, security="starttls"))

    assert not failed.permanent
    assert [line for line in script.heard if line.startswith("MAIL")] == []


async def test_a_ca_file_that_is_none_is_named(make_channel: Make, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("x")
    failed = await failure(make_channel(1, security="tls", ca_file=tmp_path / "ca.pem"))
    missing = await failure(make_channel(1, security="tls", ca_file=tmp_path / "none.pem"))

    assert told(failed) == told(missing) == ("misconfigured", "passing")
    assert failed.message.startswith("ca_file ca.pem cannot be read: ")
    assert missing.message.startswith("ca_file none.pem cannot be read: No such file or directory; ")


async def test_a_wrong_password_is_told_and_tried_once_a_minute(
    make_channel: Make, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted(Script(EHLO="250-mx.example.org\r\n250 AUTH PLAIN", AUTH="535 5.7.8 wrong")) as script:
        channel = make_channel(script.port, user="desk", password="wrong-word")
        first = await failure(channel)
        second = await failure(channel)
        assert script.connected == 1
        clock.at += timedelta(seconds=61)
        await failure(channel)

    assert script.connected == 2
    assert told(first) == told(second) == ("misconfigured", "passing")
    assert first.message == (
        "localhost answered 535 5.7.8 wrong to the login; look at user and password: onebox secrets set"
    )
    assert "wrong-word" not in caplog.text


async def test_a_server_without_a_login_is_misconfigured(make_channel: Make) -> None:
    async with scripted(Script()) as script:
        failed = await failure(make_channel(script.port, user="desk", password="s3cret-word"))

    assert told(failed) == ("misconfigured", "passing")
    assert not any("AUTH" in line for line in script.heard)


# --- recipients


async def test_a_recipient_who_is_not_there_has_bounced(make_channel: Make) -> None:
    async with mail_server(Postbox()) as postbox:
        postbox.answers["ana@example.org"] = "550 5.1.1 no such user"
        failed = await failure(make_channel(postbox.port))

    assert told(failed) == ("bounced", "for good")
    assert failed.message == "localhost refused the recipient: ana@example.org: 550 5.1.1 no such user"


async def test_those_who_are_taken_get_it_and_the_others_are_named(
    make_channel: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server(Postbox()) as postbox:
        postbox.answers["bo@example.org"] = "550 no such user"
        receipt = await make_channel(postbox.port).deliver(letter("x", to=["ana@example.org", "bo@example.org"]))

    assert receipt == {"said": "queued as 42", "refused": {"bo@example.org": "550 no such user"}}
    assert postbox.taken[0].rcpt_tos == ["ana@example.org"]
    assert "some recipients of an e-mail were refused" in caplog.text


async def test_all_wait_for_one_who_is_taken_later_but_not_for_ever(make_channel: Make) -> None:
    several: dict[str, Any] = {"to": ["ana@example.org", "bo@example.org"]}
    async with mail_server(Postbox()) as postbox:
        postbox.answers["bo@example.org"] = "451 greylisted, come again"
        channel = make_channel(postbox.port)
        failed = await failure(channel, letter("x", **several))
        assert postbox.taken == []
        receipt = await channel.deliver(letter("x", attempts=11, **several))

    assert told(failed) == ("busy", "passing")
    assert receipt["refused"] == {"bo@example.org": "451 greylisted, come again"}
    assert postbox.taken[0].rcpt_tos == ["ana@example.org"]


@pytest.mark.parametrize(
    ("answers", "kind", "lasting"),
    [
        ({"ana@example.org": "451 greylisted"}, "busy", "passing"),
        ({"ana@example.org": "530 authentication required"}, "misconfigured", "passing"),
        ({"MAIL": "553 not your address"}, "refused", "for good"),
        ({"MAIL": "421 too busy"}, "busy", "passing"),
        ({"MAIL": "530 5.7.0 must issue a STARTTLS command first"}, "misconfigured", "passing"),
        ({"DATA": "554 spam"}, "refused", "for good"),
        ({"DATA": "452 no room"}, "busy", "passing"),
    ],
)
async def test_what_the_server_says_tells_whose_fault_it_is(
    make_channel: Make, answers: dict[str, str], kind: str, lasting: str
) -> None:
    async with mail_server(Postbox()) as postbox:
        postbox.answers.update(answers)
        channel = make_channel(postbox.port)
        failed = await failure(channel)
        postbox.answers.clear()
        await channel.deliver(letter())

    assert told(failed) == (kind, lasting)
    assert next(iter(answers.values())) in failed.message
    assert len(postbox.taken) == 1


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"hello": "554 no service for you"}, "misconfigured"),
        ({"hello": "421 come again"}, "busy"),
        ({"hello": "HTTP/1.1 400 Bad Request"}, "misconfigured"),
        ({"EHLO": "502 what", "HELO": "502 what"}, "misconfigured"),
        ({"RCPT": "421 too many at once"}, "busy"),
    ],
)
async def test_odd_answers_are_told_apart(make_channel: Make, answers: dict[str, Any], kind: str) -> None:
    async with scripted(Script(**answers)) as script:
        failed = await failure(make_channel(script.port))

    assert told(failed) == (kind, "passing")


async def test_an_old_server_is_greeted_in_the_old_way(make_channel: Make) -> None:
    async with scripted(Script(EHLO="502 what", HELO="250 hi")) as script:
        assert await make_channel(script.port).deliver(letter()) == {"said": "queued"}


# --- servers that hang, break off, or are not there


@pytest.mark.parametrize("stage", ["hello", "EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_a_server_that_falls_silent_is_given_up_on(make_channel: Make, stage: str) -> None:
    async with scripted(Script(**{stage: None})) as script:
        failed = await failure(make_channel(script.port, timeout=0.05))

    assert told(failed) == ("unreachable", "passing")
    assert failed.message.startswith("localhost did not answer in time: ")


@pytest.mark.parametrize("stage", ["hello", "EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_a_server_that_breaks_off_is_tried_again(make_channel: Make, stage: str) -> None:
    script = Script(**{stage: ""})
    async with scripted(script):
        channel = make_channel(script.port)
        failed = await failure(channel)
        script.answers = dict(Script.USUAL)
        await channel.deliver(letter())

    assert told(failed) == ("unreachable", "passing")
    assert script.connected == 2


async def test_a_silent_server_under_tls_is_given_up_on(make_channel: Make) -> None:
    async with scripted(Script(hello=None)) as script:
        failed = await failure(make_channel(script.port, security="tls", timeout=0.05))

    assert told(failed) == ("unreachable", "passing")


async def test_nobody_listening_is_passing(make_channel: Make) -> None:
    async with scripted(Script()) as script:
        pass
    failed = await failure(make_channel(script.port))

    assert told(failed) == ("unreachable", "passing")


async def test_a_cancelled_delivery_closes_its_connection(make_channel: Make) -> None:
    async with scripted(Script(DATA=None)) as script:
        delivering = asyncio.create_task(make_channel(script.port).deliver(letter()))
        await script.silent.wait()
        delivering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivering
        script.answers = dict(Script.USUAL)
        await make_channel(script.port).deliver(letter())

    assert script.connected == 2


# --- connections


async def test_a_connection_is_used_again(make_channel: Make) -> None:
    async with scripted(Script()) as script:
        channel = make_channel(script.port)
        for _ in range(3):
            await channel.deliver(letter())

    assert script.connected == 1


async def test_a_connection_that_was_closed_meanwhile_is_made_anew(make_channel: Make) -> None:
    async with scripted(Script(RSET="421 idle for too long")) as script:
        channel = make_channel(script.port)
        for _ in range(2):
            await channel.deliver(letter())

    assert script.connected == 2


async def test_the_server_is_told_the_sender_s_domain(make_channel: Make) -> None:
    async with scripted(Script()) as script:
        await make_channel(script.port).deliver(letter())

    assert script.heard[:2] == ["EHLO example.org", "MAIL FROM:<desk@example.org>"]
