"""The hooks of all flows as they are now, each with what guards it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from onebox.kernel.encoding import to_json
from onebox.web.answers import Answer, Refused, head_of
from onebox.web.guards import SecretUnusable, build_guard
from onebox.web.routes import NotServed, Routes
from onebox.web.webhook import WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.flows.book import FlowBook
    from onebox.flows.plan import Flow, Trigger
    from onebox.web.credentials import Auth
    from onebox.web.guards import Guard
    from onebox.web.webhook import Respond

_log = structlog.get_logger("onebox.web")

_SIGNED_KEYS = {"standard": "header:webhook-id", "github": "header:x-github-delivery", "stripe": "body.id"}


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same answer to everyone."""

    status: int
    head: bytes
    body: bytes

    def __call__(self) -> Answer:
        """A new answer, as each is sent once."""
        return Answer(self.status, self.head, self.body)


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of one flow. `key_places` are where the source's own id may be, the first that is there counts."""

    topic: str
    source: str
    guard: Guard | None
    is_signed: bool
    key_places: Sequence[str]
    sender: str | None
    waits: bool
    fixed: Fixed | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A webhook whose secret is missing: it refuses everyone until that is mended."""

    reason: str


class Switchboard:
    """Finds the hook of a request. Follows the book of flows."""

    def __init__(self, book: FlowBook, secrets: Mapping[str, str]) -> None:
        self._book = book
        self._secrets = secrets
        self._routes: Routes[Hook | Unusable] = Routes()
        book.on_change(self._renew)

    def find(self, raw_path: str, method: str) -> tuple[Hook, Mapping[str, str]]:
        """The hook, and the path's parameters. Raises Refused: 404, 405, 503."""
        try:
            hook, parameters = self._routes.find(raw_path, method)
        except (NotServed, UnicodeDecodeError) as error:
            raise _refusal(error, method) from None
        if isinstance(hook, Unusable):
            raise Refused(503, "hook_unusable", "this address is not set up completely", headers={"Retry-After": "60"})
        return hook, parameters

    def allowed(self, raw_path: str) -> list[str]:
        """The methods of an address. Raises Refused (404)."""
        try:
            self._routes.find(raw_path, "OPTIONS")
        except UnicodeDecodeError as error:
            raise _refusal(error, "OPTIONS") from None
        except NotServed as error:
            if not error.allowed:
                raise _refusal(error, "OPTIONS") from None
            return sorted({*error.allowed, "HEAD", "OPTIONS"})
        raise AssertionError("no hook takes OPTIONS itself")

    def _renew(self) -> None:
        routes: Routes[Hook | Unusable] = Routes()
        for flow, trigger in self._book.triggers("webhook"):
            assert isinstance(trigger.settings, WebhookSettings)
            hook = self._hook(flow, trigger, trigger.settings)
            for method in trigger.settings.methods:
                routes.add(trigger.settings.path, method, hook)
        self._routes = routes

    def _hook(self, flow: Flow, trigger: Trigger, settings: WebhookSettings) -> Hook | Unusable:
        fault = secret_fault(settings.auth, self._secrets)
        if fault is not None:
            _log.error("a webhook refuses everyone", flow=flow.name, path=settings.path, reason=fault)
            return Unusable(fault)
        own = [_SIGNED_KEYS[settings.auth.hmac.kind]] if _has_own_key(settings.auth) else []  # type: ignore[union-attr]
        return Hook(
            topic=trigger.topic,
            source=f"webhook:{settings.name}",
            guard=build_guard(settings.auth, self._secrets),
            is_signed=settings.auth.hmac is not None,
            key_places=[settings.key, *own] if settings.key else own,
            sender=settings.sender,
            waits=settings.respond.when == "step",
            fixed=_fixed(settings.respond) if settings.respond.when == "fixed" else None,
        )


def _has_own_key(auth: Auth) -> bool:
    return auth.hmac is not None and auth.hmac.kind in _SIGNED_KEYS


def secret_fault(auth: Auth, secrets: Mapping[str, str]) -> str | None:
    """What keeps a webhook from letting anyone in, with the secret's name; None when all is there."""
    try:
        build_guard(auth, secrets)
    except KeyError as error:
        return f"the secret {error.args[0]} is not set"
    except SecretUnusable as error:
        return str(error)
    return None


def secret_faults(book: FlowBook, secrets: Mapping[str, str]) -> list[str]:
    """One sentence for each webhook that would refuse everyone, with file, line and the secret's name."""
    faults = []
    for flow, trigger in book.triggers("webhook"):
        assert isinstance(trigger.settings, WebhookSettings)
        if fault := secret_fault(trigger.settings.auth, secrets):
            faults.append(f"{flow.file}:{trigger.place.line}:{trigger.place.column}: {fault}")
    return faults


def _refusal(error: NotServed | UnicodeDecodeError, method: str) -> Refused:
    if isinstance(error, UnicodeDecodeError):
        return Refused(400, "path_invalid", "the path has an escape that is no UTF-8")
    if not error.allowed:
        return Refused(404, "not_found", "there is nothing at this address")
    allowed = ", ".join(sorted({*error.allowed, "HEAD", "OPTIONS"}))
    return Refused(405, "method_not_allowed", f"this address takes {allowed}, not {method}", headers={"Allow": allowed})


def _fixed(respond: Respond) -> Fixed:
    body, kind = _fixed_body(respond.body)
    named = {name.lower() for name in respond.headers}
    headers = respond.headers if kind is None or "content-type" in named else {"Content-Type": kind, **respond.headers}
    return Fixed(respond.status, head_of(respond.status, headers), body)


def _fixed_body(body: object) -> tuple[bytes, str | None]:
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return to_json(body).encode(), "application/json"
