"""One service that apprise knows. Blocks; `NotifyChannel` calls it in a thread of its own.

apprise says no more than yes or no, and logs why: its log is what the reason is read from.
"""

from __future__ import annotations

import logging
import re
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from onebox.messaging.content import Body

_SCHEMA = re.compile(r"([a-z][a-z0-9]{1,19})://")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_PASSING = {408, 425, 429}
_KINDS = {
    408: "busy",
    425: "busy",
    401: "misconfigured",
    403: "misconfigured",
    404: "misconfigured",
    410: "misconfigured",
    429: "too_many",
}
_FOR_GOOD = range(400, 500)
_BESIDE_A_TITLE = 16
"""characters that apprise may put between a title and a text that go as one"""
_SECRET = 6
"""characters: a piece of a URL that is as long may be a token"""
_LONGEST = 400
_heard: ContextVar[list[str]] = ContextVar("onebox_heard_of_apprise")


class NotifyMisconfigured(OneboxError):
    """The secret of a notify account holds no URL that apprise can use."""

    code: ClassVar[str] = "notify_misconfigured"


class Service:
    """The service that `url` leads to; the URL is a secret and is never told. Raises NotifyMisconfigured."""

    def __init__(self, account: str, secret: str, url: str) -> None:
        self._plugin = _plugin(account, secret, url)
        self.name = str(self._plugin.service_name)
        self.seconds_apart = float(self._plugin.request_rate_per_sec)
        """seconds between two messages, so that the service is not upset; who calls `send` sees to it"""
        self._plugin.request_rate_per_sec = 0
        self._secrets = _pieces(url, str(getattr(self._plugin, "host", None) or ""))

    def room(self, title: str) -> int:
        """How many characters a text may have beside this title."""
        shared = title and (self._plugin.title_maxlen <= 0 or self._plugin.overflow_amalgamate_title)
        most = int(self._plugin.body_maxlen)
        return max(1, most // 2, most - len(title) - _BESIDE_A_TITLE) if shared else most

    def length(self, body: Body) -> int:
        """How many characters the text has as the service is sent it."""
        from apprise.conversion import convert_between

        given = _format(body)
        turned = convert_between(given, self._plugin.resolve_format(given), body.text)  # type: ignore[no-untyped-call]
        return len(turned)

    def send(self, title: str, body: Body) -> None:
        """Hands the text over. Raises DeliveryFailed."""
        heard: list[str] = []
        token = _heard.set(heard)
        try:
            # `split` is for what grew in the turning: what `length` measured fits.
            taken = self._plugin.notify(body=body.text, title=title, body_format=_format(body), overflow="split")
        except Exception as error:  # noqa: BLE001 a plugin is a stranger's code
            heard.append(f"{type(error).__name__}: {error}")
            taken = False
        finally:
            _heard.reset(token)
        if not taken:
            raise self._failed(heard)

    def _failed(self, heard: list[str]) -> DeliveryFailed:
        said = " ".join(" ".join(heard).split()) or "it does not say why"
        for piece in self._secrets:
            said = said.replace(piece, "***")
        statuses = {int(status) for status in _STATUS.findall(said)}
        permanent = bool(statuses) and all(code in _FOR_GOOD and code not in _PASSING for code in statuses)
        return DeliveryFailed(
            f"{self.name} did not take it: {said}"[:_LONGEST], permanent=permanent, kind=_kind(statuses, said)
        )


def _kind(statuses: set[int], said: str) -> str:
    if statuses:
        status = max(statuses)
        return _KINDS.get(status, "refused" if status in _FOR_GOOD else "busy")
    return "unreachable" if "connection error" in said.lower() else "failed"


def _format(body: Body) -> Any:
    from apprise import NotifyFormat

    return NotifyFormat.MARKDOWN if body.markdown else NotifyFormat.TEXT


def _plugin(account: str, secret: str, url: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what its plugins import, nothing is ours to mend
        from apprise import Apprise, AppriseAsset

        _listen()
        # Nothing is kept in files: no tokens, no keys that are made on the way.
        asset = AppriseAsset(storage_mode="memory", pgp_autogen=False, pem_autogen=False, async_mode=False)
        plugin = Apprise.instantiate(url.strip(), asset=asset)
    if plugin is None:
        raise NotifyMisconfigured(
            f"accounts.{account}: the secret {secret} holds no URL that apprise knows{_why_not(url.strip())}",
            hint="https://appriseit.com has the form of each service's URL",
        )
    return plugin


def _why_not(url: str) -> str:
    """What can be said without telling more of a secret than the name of a service."""
    from apprise import Apprise

    found = _SCHEMA.match(url)
    if found is None:
        return ""
    services = Apprise().details()["schemas"]
    schemas = {name for one in services for key in ("protocols", "secure_protocols") for name in one[key] or ()}
    if found[1] not in schemas:
        return f": there is no {found[1]}://{did_you_mean(found[1], schemas)}"
    return f": what follows {found[1]}:// is incomplete, or of another form"


def _pieces(url: str, host: str) -> list[str]:
    """What of a URL may be secret: each longer piece that is no name of a host."""
    kept = host if "." in host or host == "localhost" else ""
    pieces = {piece for piece in re.split(r"[/:@?&=#,]+", url) if len(piece) >= _SECRET and piece != kept}
    return sorted({url, *pieces}, key=len, reverse=True)


class _Ear(logging.Handler):
    """Hands what apprise logs to the delivery that it logs it for, and to nobody else."""

    def emit(self, record: logging.LogRecord) -> None:
        heard = _heard.get(None)
        if heard is not None:
            heard.append(record.getMessage())


def _listen() -> None:
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # it would tell the paths of secret URLs
    logger = logging.getLogger("apprise")
    if not any(isinstance(handler, _Ear) for handler in logger.handlers):
        logger.addHandler(_Ear())
        logger.setLevel(logging.WARNING)
        logger.propagate = False  # the outbox tells why a message failed: once, and without what is secret
