"""What Meta calls: to see that the address is ours, and then with what people wrote and what became of messages.

A call is answered with 200 when all that it brought is stored, in one unit; until then Meta offers it again, for days.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import structlog

from onebox.channels.whatsapp.updates import Reading, read, unusable
from onebox.kernel.encoding import EncodingError, from_json_of_others
from onebox.messaging.endpoint import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Reception
    from onebox.messaging.endpoint import Called

log = structlog.get_logger("onebox.whatsapp")

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_REMIND = timedelta(hours=1)
_MOST_OTHERS = 100


class WhatsappEndpoint:
    """The webhook of one account, and of those that share its app: Meta calls one address for all numbers of an app.

    `numbers` are these accounts by the id of their phone number. What is for another number is answered and left alone.
    """

    def __init__(
        self,
        *,
        account: str,
        numbers: Mapping[str, str],
        app_secret: str,
        verify_token: str,
        reception: Reception,
        clock: Clock,
    ) -> None:
        self._account = account
        self._numbers = numbers
        self._app_secret = app_secret.encode()
        self._verify_token = verify_token.encode()
        self._reception = reception
        self._clock = clock
        self._told: dict[str, datetime] = {}

    async def __call__(self, called: Called) -> Reply:
        """Raises what `Reception.receive` raises: nothing was stored then."""
        if called.method == "GET":
            return self._verified(called.query)
        if called.method != "POST":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "GET and POST alone", {"Allow": "GET, POST"})
        if not self._is_signed(called):
            # The same whether a signature is missing, wrong, or there twice.
            return _plain(HTTPStatus.UNAUTHORIZED, "this address needs Meta's signature")
        reading = self._read(called.body)
        if reading.posts or reading.statuses:
            await self._reception.receive(reading.posts, then=reading.statuses)
        self._tell_of(reading.others)
        for trouble in reading.troubles:
            log.warning("account_troubled", account=self._account, why=trouble)
        return _plain(HTTPStatus.OK, "")

    def _verified(self, query: str) -> Reply:
        """Meta asks so once, when the address is entered there."""
        try:
            asked = parse_qs(query, keep_blank_values=True, max_num_fields=20, errors="replace")
        except ValueError:
            asked = {}
        mode, token, challenge = (asked.get(f"hub.{name}", []) for name in ("mode", "verify_token", "challenge"))
        alone = len(token) == len(challenge) == 1 and mode == ["subscribe"]
        if alone and hmac.compare_digest(token[0].encode("utf-8", "replace"), self._verify_token):
            return _plain(HTTPStatus.OK, challenge[0])
        return _plain(HTTPStatus.FORBIDDEN, "hub.verify_token is not that of this account")

    def _is_signed(self, called: Called) -> bool:
        given = _SIGNATURE.fullmatch(called.headers.get("x-hub-signature-256", ""))
        right = hmac.new(self._app_secret, called.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(given[1] if given else "", right)

    def _read(self, raw: bytes) -> Reading:
        now = self._clock.now()
        try:
            body = from_json_of_others(raw)
        except EncodingError as error:
            text = raw.decode("utf-8", "replace")
            return Reading([unusable(text, error.message, account=self._account, now=now)])
        return read(body, account=self._account, numbers=self._numbers, now=now)

    def _tell_of(self, others: list[str]) -> None:
        now = self._clock.now()
        for number in dict.fromkeys(others):
            if number in self._told and now - self._told[number] < _REMIND:
                continue
            if len(self._told) >= _MOST_OTHERS:
                self._told.clear()
            self._told[number] = now
            log.info("for_another_number", account=self._account, phone_number_id=number[:40])


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(int(status), text.encode("utf-8", "replace"), {**_TEXT, **(headers or {})})
