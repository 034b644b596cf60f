"""Which values have the shape of a live token, and which only look like one. All of them are made up."""

from __future__ import annotations

import time

import pytest

from onebox.assistant.hooks.guard.tokens import live_token

_LETTERS = "q8ZtK3vXw7RbY2mLc9JdHf4Gp6Ns1Ea5Tu0VoIiDkPyUxWeQrMzBnChSgAjFlO" * 3
_HEX = "3f9a1c7e5b2d8f604ae19c73d5b80f2e6a4c9d17f3b58e02a6c4d91f7e3b5802" * 2
_DIGITS = "8163502947"


def _made(start: str, length: int, letters: str = _LETTERS) -> str:
    """No token stands in this file as a whole."""
    return start + letters[:length]


LIVE = [
    ("a Telegram bot token", f"{_DIGITS}:{_made('AA', 33)}"),
    ("a Telegram bot token", f"https://api.telegram.org/bot{_DIGITS}:{_made('AA', 33)}/getMe"),
    ("a Stripe key", _made("sk_" + "live_", 24)),
    ("a Stripe key", _made("rk_" + "test_", 24)),
    ("a Stripe webhook secret", _made("whsec" + "_", 32)),
    ("an AWS access key", _made("AKIA", 16, "Q8ZTK3VXW7RBY2ML")),
    ("an AWS secret key", f"aws_secret_access_key = {_made('', 40)}"),
    ("an AWS secret key", f'"AwsSecretKey": "{_made("", 40)}"'),
    ("a private key", "-----BEGIN RSA " + f"PRIVATE KEY-----\n{_made('MIIE', 60)}\n"),
    ("a private key", "'-----BEGIN OPENSSH " + f"PRIVATE KEY-----\\n{_made('b3Bl', 60)}'"),
    ("a private key", '{"private_key": "-----BEGIN ' + f'PRIVATE KEY-----\\n{_made("MIIE", 60)}"}}'),
    ("an age key", _made("AGE-SECRET-" + "KEY-1", 58, _LETTERS.upper())),
    ("a GitHub token", _made("gh" + "p_", 36)),
    ("a GitHub token", _made("github" + "_pat_", 60)),
    ("a GitLab token", _made("gl" + "pat-", 20)),
    ("a Slack token", f"xox{'b'}-{_DIGITS}-{_made('', 24)}"),
    ("a Slack webhook", f"https://hooks.slack.com/services/T0{_DIGITS}/B0{_DIGITS}/{_made('', 24)}"),
    ("a Discord webhook", f"https://discord.com/api/webhooks/{_DIGITS}{_DIGITS}/{_made('', 68)}"),
    ("a Google API key", _made("AI" + "za", 35)),
    ("a Google secret", _made("GOC" + "SPX-", 28)),
    ("an Anthropic key", _made("sk-" + "ant-api03-", 80)),
    ("an OpenAI key", _made("sk-" + "proj-", 80)),
    ("an OpenAI key", _made("sk" + "-", 48)),
    ("a SendGrid key", f"SG{'.'}{_made('', 22)}.{_made('', 43)}"),
    ("a Twilio key", _made("S" + "K", 32, _HEX)),
    ("a WhatsApp or Facebook token", _made("EA" + "A", 160)),
    ("an npm token", _made("npm" + "_", 36)),
    ("a PyPI token", _made("pypi-" + "AgE", 80)),
    ("a Hugging Face token", _made("hf" + "_", 34)),
    ("a DigitalOcean token", _made("dop" + "_v1_", 64, _HEX)),
    ("a Shopify token", _made("shp" + "at_", 32, _HEX)),
    ("a Mailgun key", _made("key" + "-", 32, _HEX)),
]
NONE = [
    "sk_" + "live_xxxxxxxxxxxxxxxxxxxxxxxx",
    "sk_" + "live_your_secret_key_goes_here",
    "sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_" + "test_00000000000000000000000000",
    "sk_" + "live_${STRIPE_KEY}",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALD" + "saw",
    "123456789:ABCdefGhIJKlmNoPQRsTUVwxyZ-your-token",
    "12:30:45 and a sentence that goes on",
    "2026-11-24T16:00:00:" + "a" * 35,
    "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END " + "PRIVATE KEY-----",
    "-----BEGIN " + f"PUBLIC KEY-----\n{_made('MIIB', 60)}",
    "gh" + "p_" + "x" * 36,
    "gh" + "p_short",
    f"commit {_HEX[:40]}",
    f"sha256:{_HEX[:64]}",
    f"data:image/png;base64,{_LETTERS * 20}",
    f"integrity: sha512-{_LETTERS[:86]}==",
    f"desk-{_LETTERS[:48]}-lamp",
    "STRIPE_KEY = os.environ['STRIPE_KEY']",
    "AIza" + "SyEXAMPLE-example-EXAMPLE-example-123",
    "",
]


@pytest.mark.parametrize(("kind", "token"), LIVE, ids=lambda value: value[:24])
def test_a_live_token_is_known_wherever_it_stands(kind: str, token: str) -> None:
    assert live_token(token) == kind
    assert live_token(f"import os\n\nKEY = '{token}'  # for now\n") == kind
    assert live_token(f"a: 1\nkey: {token}\n") == kind
    assert live_token(f'{{"x": "{token}"}}') == kind


@pytest.mark.parametrize("text", NONE, ids=lambda value: value[:24])
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert live_token(f"KEY = '{text}'\n") is None


@pytest.mark.parametrize(
    "piece",
    [
        "sk_" + "live_", "-----BEGIN " + "PRIVATE KEY-----\\n", "-----BEGIN A B C ", "1234567890:", ":" + "a" * 35, "EAA" * 9 + "=",
        "aws_secret_access_key = ", "secret" * 20, "hooks.slack.com/services/T1/", "SG." + "a" * 22 + ".", "xoxb-", "AKIA",
        "A", "'", "\n", '\\n+"', "discord.com/api/webhooks/" + "1" * 30 + "/", "Proc-Type: 4,ENCRYPTED\n",
    ],
    ids=lambda value: repr(value)[:24],
)  # fmt: skip
def test_a_long_text_takes_little_time(piece: str) -> None:
    """A quarter of a megabyte of what begins like tokens and is none."""
    hints = "k_live_ ECRET PRIVATE KEY gh xox AKIA AIza sk- SG. SK EAA key- _v1_ shp hf_ npm_ /api/webhooks/ : "
    text = hints + piece * (250_000 // len(piece))
    started = time.process_time()
    live_token(text)

    assert time.process_time() - started < 1
