"""The practice of a small business: a box of all four templates, and everyone around it, on this machine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.channels.email.servers import Authority, Postbox, mail_server
from tests.support.telegram import TOKEN, FakeTelegram
from tests.support.templates import template_box
from tests.support.timed_box import TimedBox
from tests.support.town import Feed, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from email.message import EmailMessage
    from pathlib import Path

TEMPLATES = ("dispatcher", "feeds", "contact-form", "daily-report")
_METRICS = {
    "https://stats.example.org/visits/yesterday": "visits",
    "https://salon.example/api/bookings/yesterday": "bookings",
    "https://shop.example.org/api/sales/yesterday": "sales",
}


@dataclass
class Practice:
    """The box, not started yet, and what it speaks to."""

    box: TimedBox
    town: Town
    telegram: FakeTelegram
    mail: Postbox

    async def start(self) -> None:
        """Starts the box, and waits until it follows its schedule: of one that it has not met yet it misses nothing."""
        await self.box.start()

        async def follows() -> bool:
            return self.box.rows("select count(*) from schedule_tick") == [(1,)]

        await self.box.eventually("the box follows its schedule", follows, within=20)

    @property
    def reports(self) -> list[str]:
        """The texts of the reports that came by mail."""
        return [self._text(letter) for letter in self.mail.letters if letter["Subject"] == "Yesterday"]

    @staticmethod
    def _text(letter: EmailMessage) -> str:
        part = letter.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def confirmed(self) -> list[str]:
        """Who got a letter for a form."""
        return [str(letter["To"]) for letter in self.mail.letters if letter["Subject"] == "We got your message"]


@asynccontextmanager
async def open_practice(path: Path, *, begins: datetime, feeds: int = 3) -> AsyncIterator[Practice]:
    """The templates as they are shipped: only addresses and secrets are those of the servers here."""
    authority, mail = Authority(path), Postbox()
    login: dict[str, Any] = {"authenticator": mail.authenticate, "auth_required": True}
    async with (
        Town() as town,
        FakeTelegram() as telegram,
        mail_server(mail, tls_context=authority.context(), require_starttls=True, **login),
    ):
        town.feeds = {number: Feed([f"old {number}"]) for number in range(feeds)}
        town.metrics = {"visits": 12, "bookings": 3, "sales": 410.5}
        settings = {
            "https://shop.example.org/api\n": f"{town.url}\n",
            "telegram/main: {token: telegram_token": f"telegram/main: {{token: telegram_token, api: '{telegram.url}'",
            "@your_channel": "@news",
            "    host: smtp.example.org\n": f"    host: localhost\n    port: {mail.port}\n    ca_file: ca.pem\n",
            **{shipped: f"{town.url}/metrics/{name}" for shipped, name in _METRICS.items()},
        }
        secrets = {
            "telegram_token": TOKEN,
            "shop": "sesame",
            "smtp_password": mail.password.decode(),
            "discord_webhook": f"{town.url}/discord",
            "slack_webhook": f"{town.url}/slack",
            "metrics_token": "count-me-in",
        }
        folder = template_box(path / "box", TEMPLATES, secrets=secrets, settings=settings)
        (folder.path / "ca.pem").write_bytes(authority.ca_file.read_bytes())
        addresses = "\n".join(town.feed_address(number) for number in town.feeds)
        (folder.flows / "feeds.txt").write_text(f"{addresses}\n")
        box = TimedBox(folder.path, begins=begins)
        try:
            yield Practice(box, town, telegram, mail)
        finally:
            await box.clean_up()
