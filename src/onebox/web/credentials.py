"""What a webhook may ask of its callers, as its author writes it. Secrets are named, never written."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from onebox.flows.definition.fields import FlowModel
from onebox.flows.responses import header_fault
from onebox.kernel.fields import Duration
from onebox.kernel.wrong import wrong

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_EXPRESSION = re.compile(r"\$\{\s*secret\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}")


def _secret_names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not names:
        raise wrong("secret_name", f"expected a secret's name, or a list of them, got {value!r}")
    for name in names:
        if isinstance(name, str) and (found := _EXPRESSION.fullmatch(name)):
            raise wrong("secret_name", f"expected the secret's bare name: write {found[1]}, not {name}")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            # What was written may be the secret itself, so it is not repeated here.
            raise wrong("secret_name", "expected a secret's name, which has letters, digits, _ and - alone")
    return tuple(names)


SecretNames = Annotated[
    tuple[str, ...],
    BeforeValidator(_secret_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
"""One secret by its name, or several while one replaces the other: each of them opens."""


class Basic(FlowModel):
    """User and password, as browsers send them."""

    user: str = Field(min_length=1)
    password: SecretNames

    @field_validator("user")
    @classmethod
    def _no_colon(cls, user: str) -> str:
        if ":" in user:
            raise wrong("basic_user", f"a user's name cannot have a colon, got {user!r}")
        return user


class Hmac(FlowModel):
    """A signature over the raw body: `standard` (Standard Webhooks), `github`, `stripe`, or in a `header` of any name."""

    kind: Literal["standard", "github", "stripe", "header"]
    secret: SecretNames
    tolerance: Duration = Field(default=timedelta(minutes=5), json_schema_extra={"default": "5m"})
    """how old a signed time may be, and how far ahead (standard and stripe)"""
    header: str | None = Field(default=None, examples=["X-Signature"])
    """which header has the signature (kind: header)"""
    prefix: str = ""
    """what stands before the signature in that header, such as sha256="""
    encoding: Literal["hex", "base64"] = "hex"
    """how the signature is written in that header"""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """the hash of that signature"""

    @model_validator(mode="after")
    def _own_settings_alone(self) -> Hmac:
        if self.kind == "header":
            if self.header is None:
                raise wrong("hmac", "header: is missing: which header has the signature, such as X-Signature?")
            if fault := header_fault(self.header, ""):
                raise wrong("hmac", f"the header {fault}")
        elif foreign := self.model_fields_set & {"header", "prefix", "encoding", "algorithm"}:
            raise wrong("hmac", f"{', '.join(sorted(foreign))}: belongs to kind: header, and this is {self.kind}")
        if "tolerance" in self.model_fields_set and self.kind in {"github", "header"}:
            raise wrong("hmac", f"tolerance: {self.kind} signs no time, so there is nothing to tolerate")
        return self


class Auth(FlowModel):
    """Who may call: everyone (`none`), or who has a `bearer` token, a `basic` password, or signs with `hmac`."""

    bearer: SecretNames | None = None
    basic: Basic | None = None
    hmac: Hmac | None = None

    @model_validator(mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        if value == "none":
            return {}
        if isinstance(value, dict) and len(value) != 1:
            raise wrong("auth", f"expected one of bearer, basic or hmac, or the word none, got {_listed(value)}")
        if not isinstance(value, (dict, Auth)):
            raise wrong(
                "auth", f"expected none, {{bearer: …}}, {{basic: …}} or {{hmac: …}}, got a {type(value).__name__}"
            )
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> Auth:
        for name in self.model_fields_set:
            if getattr(self, name) is None:
                raise wrong("auth", f"{name}: is empty, so anyone could call; write auth: none if that is meant")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"const": "none"}, {**made, "minProperties": 1, "maxProperties": 1}]}

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The secrets that must be there before anyone can be let in."""
        if self.bearer:
            return self.bearer
        if self.basic:
            return self.basic.password
        return self.hmac.secret if self.hmac else ()


def _listed(value: dict[Any, Any]) -> str:
    return " and ".join(str(name) for name in value) or "nothing"
