"""What is brought to the business's webhook: signed, batched, unordered, and again until it is taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

import aiohttp

from onebox.sandbox.acting import CannotAct

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.sandbox.retrying import RetryPace
    from onebox.sandbox.trouble import Trouble
    from onebox.sandbox.whatsapp.world import Account

_TAKEN = 200
_DAYS = 7 * 86_400.0
_MOST_IN_BODY = 100


class Callback:
    """One webhook. `gather`: seconds in which what happens is put into one body. `tried` is called after each try."""

    def __init__(
        self, account: Account, trouble: Trouble, pace: RetryPace, *, gather: float, tried: Callable[[str], None]
    ) -> None:
        self._account = account
        self._trouble = trouble
        self._pace = pace
        self._gather = gather
        self._tried = tried
        self._url = ""
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._pumping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def point_to(self, url: str, verify_token: str) -> None:
        """Asks the webhook to prove that it knows the token, and brings everything there from then on. Raises CannotAct."""
        challenge = str(secrets.randbelow(10**10))
        asked = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": challenge}
        try:
            async with asyncio.timeout(self._pace.patience), self._opened().get(url, params=asked) as answer:
                status, told = answer.status, await answer.text(errors="replace")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CannotAct(f"{url} could not be asked: {type(error).__name__}") from None
        if status != _TAKEN or told != challenge:
            raise CannotAct(
                f"{url} did not prove that it knows the verify token: it answered {status} {told[:60]!r}, "
                f"and should have answered 200 {challenge!r}, the hub.challenge of the question"
            )
        self._url = url

    def tell(self, kind: str, item: dict[str, Any], contact: dict[str, Any] | None = None) -> None:
        """Brings one of `messages` or `statuses`; what is late comes after later ones."""
        if not self._url:
            return
        told = {"item": item, "contact": contact}
        if self._trouble.is_late():
            asyncio.get_running_loop().call_later(self._trouble.late_seconds, self._add, kind, told)
        else:
            self._add(kind, told)

    async def stop(self) -> None:
        """Brings nothing more."""
        self._url = ""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _add(self, kind: str, told: dict[str, Any]) -> None:
        self._waiting.append((kind, told))
        if not self._pumping and self._url:
            self._pumping = True
            self._begin(self._pump())

    def _begin(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pump(self) -> None:
        await asyncio.sleep(self._gather)
        self._pumping = False
        while self._waiting:
            taken, self._waiting = self._waiting[:_MOST_IN_BODY], self._waiting[_MOST_IN_BODY:]
            body = json.dumps(self._body(taken)).encode()
            self._begin(self._bring(body))
            if self._trouble.is_doubled():
                self._begin(self._bring(body))

    def _body(self, taken: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        entries = []
        for kind in ("messages", "statuses"):
            told = [one for its, one in taken if its == kind]
            if told:
                entries.append({"id": self._account.business_account_id, "changes": [self._change(kind, told)]})
        return {"object": "whatsapp_business_account", "entry": entries}

    def _change(self, kind: str, told: list[dict[str, Any]]) -> dict[str, Any]:
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self._account.display_phone_number,
                "phone_number_id": self._account.phone_number_id,
            },
        }
        contacts: list[dict[str, Any]] = []
        for one in told:
            if one["contact"] is not None and one["contact"] not in contacts:
                contacts.append(one["contact"])
        if contacts:
            value["contacts"] = contacts
        value[kind] = [one["item"] for one in told]
        return {"value": value, "field": "messages"}

    async def _bring(self, body: bytes) -> None:
        ends = asyncio.get_running_loop().time() + _DAYS
        failures = 0
        while self._url and asyncio.get_running_loop().time() < ends:
            if await self._post(body):
                self._tried("taken")
                return
            failures += 1
            self._tried("failed")
            await asyncio.sleep(self._pace.after(failures))

    async def _post(self, body: bytes) -> bool:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(self._account.app_secret, body)}
        try:
            async with (
                asyncio.timeout(self._pace.patience),
                self._opened().post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status == _TAKEN
        except (aiohttp.ClientError, OSError, ValueError):
            return False

    def _opened(self) -> aiohttp.ClientSession:
        self._session = self._session or aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def signature(app_secret: str, body: bytes) -> str:
    """What `X-Hub-Signature-256` holds for a body."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
