"""What stands under `with` of an HTTP step, as `onebox check` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from onebox.connectors.http.answer import status_range
from onebox.connectors.http.auth import FORMS, is_auth
from onebox.flows.definition.fields import FlowModel, Given, is_expression
from onebox.flows.handlers import StepFailed
from onebox.flows.kinds import StepKind
from onebox.kernel.fields import Duration
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.sizes import SizeError, parse_size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_BODIES = ("json", "form", "multipart", "body")
_RESULTS = ("status", "headers", "body", "url")
_NAME = {"type": "string"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_AUTH_SCHEMA = {
    "anyOf": [
        _NAME,
        _object(bearer=_NAME),
        _object(basic=_object(user=_NAME, password=_NAME)),
        _object(header=_NAME, secret=_NAME),
        _object(query=_NAME, secret=_NAME),
    ]
}


def _url(text: str) -> str:
    if not is_expression(text) and not text.lower().startswith(("http://", "https://")):
        raise PydanticCustomError("url", "expected a URL that begins with http:// or https://")
    return text


def _auth(value: Any) -> Any:
    if not is_auth(value):
        raise PydanticCustomError("auth", "expected {forms}", {"forms": FORMS})
    return value


def _expect(value: Any) -> Any:
    for entry in value if isinstance(value, list) else [value]:
        try:
            status_range(entry)
        except StepFailed:
            raise PydanticCustomError("status", "expected a status such as 404, or a range such as 200-299") from None
    return value


def _size(value: Any) -> int:
    try:
        return parse_size(value)
    except SizeError as error:
        raise PydanticCustomError("size", "{reason}", {"reason": error.message}) from None


Size = Annotated[int, PlainValidator(_size), WithJsonSchema({"type": ["integer", "string"]})]
"""A number of bytes, or a text such as 500KB or 1MB."""
_STATUS = {"type": ["integer", "string"]}
_STATUSES = WithJsonSchema({"anyOf": [_STATUS, {"type": "array", "items": _STATUS}]})


class Asking(FlowModel):
    """A request without a body."""

    url: Given[Annotated[str, AfterValidator(_url)]]
    """the address, http or https"""
    query: Given[dict[str, Any]] | None = None
    """parameters, added to those of the URL; a list repeats its name, null leaves it out"""
    headers: Given[dict[str, Any]] | None = None
    auth: Given[Annotated[Any, PlainValidator(_auth), WithJsonSchema(_AUTH_SCHEMA)]] | None = None
    """the name of a secret (sent as a bearer token), or another way to say who asks"""
    expect: Given[Annotated[Any, PlainValidator(_expect), _STATUSES]] | None = None
    """the statuses that are no failure: 200-299 unless told otherwise"""
    follow: Given[bool] = True
    """whether redirects are followed, up to ten"""
    max_bytes: Given[Size] = 1_000_000
    """the largest answer that is taken"""
    timeout: Given[Duration] | None = None
    """30s unless told otherwise"""
    private_networks: Given[bool] | None = None
    """true: redirects may lead into private networks; false: not even the URL itself may"""


class Telling(Asking):
    """A request that may carry a body."""

    json_: Given[Any] = Field(default=None, alias="json")
    """sent as JSON"""
    form: Given[dict[str, Any]] | None = None
    """sent as a form"""
    multipart: Given[dict[str, Any]] | None = None
    """fields, and files: {text or bytes, filename, content_type}"""
    body: Given[str | bytes] | None = None
    """sent as it is"""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for name in _BODIES if name in self.model_fields_set or f"{name}_" in self.model_fields_set]
        if len(given) > 1:
            raise PydanticCustomError(
                "bodies", "a request has one body, and here are {given}", {"given": " and ".join(given)}
            )
        return self


def http_kinds(secrets: Collection[str] | None = None) -> list[StepKind]:
    """http.get, http.head, http.post, http.put, http.patch, http.delete; performed by `HttpConnector`. With the names
    of the box's `secrets`, an `auth` that names another is found before anything runs."""

    def fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
        name = arguments.get("auth")
        if secrets is None or not isinstance(name, str) or is_expression(name) or name in secrets:
            return None
        near = did_you_mean(name, secrets) or f"; set it: onebox secrets set {name}"
        return "auth", f"there is no secret {name!r}{near}"

    models = {**dict.fromkeys(("get", "head"), Asking), **dict.fromkeys(("post", "put", "patch", "delete"), Telling)}
    return [StepKind(f"http.{method}", model, results=_RESULTS, fault=fault) for method, model in models.items()]
