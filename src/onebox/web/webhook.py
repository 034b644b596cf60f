"""The trigger `webhook`: what its author may set."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from onebox.flows.definition.fields import FlowModel
from onebox.flows.kinds import EventRefused, TriggerKind, refuse_unknown
from onebox.flows.responses import header_fault
from onebox.kernel.wrong import wrong
from onebox.web.credentials import Auth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
PREFIX = "/hooks/"
_REMOTE = "192.0.2.1"
"""who calls in a test: an address for examples"""
EVENT_NAMES = ("body", "headers", "method", "path", "query", "remote")

Method = Literal["DELETE", "GET", "PATCH", "POST", "PUT"]

_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLACE = re.compile(r"header:[A-Za-z0-9!#$%&'*+.^_`|~-]+|(body|headers|path|query)(\.[^.\s]+)+|remote|method")


def check_place(place: str | None) -> str | None:
    """A place in a request, such as `body.id`. Raises PydanticCustomError."""
    if place is not None and not _PLACE.fullmatch(place):
        raise wrong("place", f"expected a place such as body.id, query.id or header:X-Id, got {place!r}")
    return place


class Respond(FlowModel):
    """What the caller is answered: `now`, by a `respond` `step`, or always the same."""

    when: Literal["now", "step", "fixed"] = Field(default="now", exclude=True)
    status: int = Field(default=200, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str) and value in {"now", "step"}:
            return {"when": value}
        if isinstance(value, dict) and "when" not in value:
            return {**value, "when": "fixed"}
        if isinstance(value, Respond):
            return value
        raise wrong("respond", f"expected now, step or a fixed answer such as {{status: 204}}, got {value!r}")

    @field_validator("headers")
    @classmethod
    def _safe_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if fault := header_fault(name, value):
                raise wrong("header", f"the header {fault}")
        return headers

    @model_validator(mode="after")
    def _no_body_where_none_goes(self) -> Respond:
        if self.status in {204, 205, 304} and self.body is not None:
            raise wrong("respond", f"an answer with status {self.status} has no body: leave body out, or use 200")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        fixed = handler.resolve_ref_schema(handler(schema))
        fixed["properties"].pop("when", None)
        return {"anyOf": [{"enum": ["now", "step"]}, fixed]}


class WebhookSettings(FlowModel):
    """`on: {webhook: {path: w}}` is served at `/hooks/w`."""

    path: str = Field(examples=["w", "orders/{number}"])
    """what follows /hooks/ in the address; {name} stands for one part, which is then event.path.name"""
    methods: tuple[Method, ...] = ("POST",)
    """any, one, or a list"""
    auth: Auth = Field(default_factory=Auth.model_construct)
    """who may call: none (everyone), bearer, basic or hmac"""
    respond: Respond = Field(default_factory=Respond.model_construct)
    """what the caller is answered: now (the event's id, once it is stored), by a respond step, or always the same"""
    key: str | None = Field(default=None, examples=["body.id", "header:X-Request-Id"])
    """where the source's own id of what happened is: the same id twice is stored once"""
    sender: str | None = Field(default=None, examples=["body.user.id"])
    """where it says whose turn this is, for limits.per_sender"""

    @field_validator("path")
    @classmethod
    def _served_path(cls, path: str) -> str:
        if path.startswith(("/", "hooks/")):
            short = path.strip("/").removeprefix("hooks/").strip("/")
            raise wrong("path", f"{path!r} is served under {PREFIX}: write what follows, {short or 'w'!r}")
        names = [_parameter_name(path, segment) for segment in path.split("/")]
        given = [name for name in names if name]
        if twice := next((name for name in given if given.count(name) > 1), None):
            raise wrong("path", f"{path!r} names the parameter {{{twice}}} twice")
        return path

    @field_validator("methods", mode="before")
    @classmethod
    def _method_list(cls, value: Any) -> Any:
        if value == "any":
            return METHODS
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, (list, tuple)) or not listed:
            raise wrong("methods", f"expected any, or a list such as [POST, PUT], got {value!r}")
        return tuple(listed)

    @field_validator("methods")
    @classmethod
    def _each_once(cls, methods: tuple[Method, ...]) -> tuple[Method, ...]:
        return tuple(sorted(set(methods)))

    @field_validator("key", "sender")
    @classmethod
    def _place(cls, place: str | None) -> str | None:
        return check_place(place)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(schema))
        methods = {"enum": list(METHODS)}
        made["properties"]["methods"] = {"anyOf": [{"const": "any"}, methods, {"type": "array", "items": methods}]}
        return made

    @property
    def name(self) -> str:
        """What tells this hook from all others: its path, and its methods where POST is not among them."""
        return self.path if "POST" in self.methods else f"{self.path}:{'+'.join(self.methods)}"


def _parameter_name(path: str, segment: str) -> str | None:
    if _LITERAL.fullmatch(segment) and segment not in {".", ".."}:
        return None
    if found := _PARAMETER.fullmatch(segment):
        return found[1]
    raise wrong(
        "path",
        f"{path!r} has the part {segment!r}: expected letters, digits, - _ . ~ or a parameter such as {{number}}",
    )


def webhook_trigger() -> TriggerKind:
    """The trigger kind, for the catalogue."""
    return TriggerKind(
        name="webhook",
        settings=WebhookSettings,
        topic=lambda _flow, settings: f"webhook.{settings.name}",
        names=EVENT_NAMES,
        conflicts=_claims,
        secrets=lambda settings: settings.auth.secret_names,
        example=_example,
        given=_given,
    )


def _example(settings: WebhookSettings, given: Mapping[str, Any], _at: datetime) -> Mapping[str, Any]:
    """A request that has what is given; the method and the parts of the path are made up from the settings."""
    refuse_unknown("webhook", given, EVENT_NAMES)
    method = given.get("method", "POST" if "POST" in settings.methods else settings.methods[0])
    if method not in settings.methods:
        raise EventRefused(f"webhook: {method!r} is not among its methods: {', '.join(settings.methods)}")
    return {"body": None, **given, **_parts(settings, given), "method": method}


def _parts(settings: WebhookSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is a mapping whatever the request."""
    parts = {name: given.get(name, {}) for name in ("headers", "query", "path")}
    if wrong_part := next((name for name, part in parts.items() if not isinstance(part, dict)), None):
        raise EventRefused(f"webhook: {wrong_part} must be a mapping, got {parts[wrong_part]!r:.60}")
    parameters = _PARAMETER.findall(settings.path)
    refuse_unknown("webhook: path", parts["path"], parameters)
    return {
        "headers": {name.lower(): value for name, value in parts["headers"].items()},
        "query": parts["query"],
        "path": {**{name: name for name in parameters}, **parts["path"]},
        "remote": given.get("remote", _REMOTE),
    }


def _given(settings: WebhookSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """All that is not so in every example."""
    usual = _example(settings, {}, datetime.min.replace(tzinfo=UTC))
    return {name: value for name, value in data.items() if name not in usual or usual[name] != value}


def _claims(settings: WebhookSettings) -> Sequence[str]:
    # Two hooks that differ in their parameters' names alone are the same address.
    path = _PARAMETER.sub("{}", settings.path)
    return [f"{method} {PREFIX}{path}" for method in settings.methods]
