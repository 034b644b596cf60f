"""The trigger `form`: what its author may set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import re2
from pydantic import Field, field_validator, model_validator

from onebox.flows.definition.cases import compiled
from onebox.flows.definition.fields import FlowModel, RateText, Size
from onebox.kernel.wrong import wrong
from onebox.web.webhook import check_place

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

PREFIX = "/forms/"
EVENT_NAMES = ("extra", "fields", "form", "origin", "remote", "user_agent")

FieldType = Literal[
    "text", "email", "url", "phone", "number", "integer", "checkbox", "date", "choice", "choices", "file"
]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PATH = re.compile(r"/forms(?:/[A-Za-z0-9._~-]+)+")
_WITH_OPTIONS = {"choice", "choices"}
_LARGEST_BODY = 100_000_000


def check_origins(origins: list[str] | Literal["any"]) -> list[str] | Literal["any"]:
    """As they are; raises for one that is no origin."""
    for origin in origins if isinstance(origins, list) else ():
        parts = urlsplit(origin)
        plain = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise wrong("origin", f"expected an origin such as https://salon.example, got {origin!r}")
        if origin != plain.lower():
            raise wrong("origin", f"an origin has no path and small letters: write {plain.lower()}, not {origin}")
    return origins


class FieldSettings(FlowModel):
    """One field of a form."""

    type: FieldType = "text"
    required: bool | None = None
    """whether it must be filled in: true, but for a checkbox"""
    min: float | None = None
    """the fewest characters; of a number, the smallest one"""
    max: float | None = None
    """the most characters; of a number, the largest one"""
    pattern: str | None = None
    """a regular expression (RE2) that the whole text must fit"""
    options: list[str] | None = None
    """what may be chosen"""
    label: str | None = None
    """what people know it by"""
    default: Any = None
    """what stands for it where it is left empty"""
    from_: str | list[str] | None = Field(default=None, alias="from")
    """other names that it may come by"""
    accept: list[str] | None = None
    """of a file: content types (image/*) and endings (.pdf)"""
    size: Size = 5_000_000
    """of a file, at most"""
    many: bool = False
    """of a file: whether several may come"""

    @field_validator("pattern")
    @classmethod
    def _fits_re2(cls, pattern: str | None) -> str | None:
        try:
            compiled(pattern or "")
        except re2.error:
            raise wrong("pattern", f"{pattern!r} is no regular expression of RE2") from None
        return pattern

    @model_validator(mode="after")
    def _options_where_they_belong(self) -> FieldSettings:
        if self.type in _WITH_OPTIONS and not self.options:
            raise wrong("options", f"options: is missing: what may be chosen, as a list; type is {self.type}")
        if self.options and self.type not in _WITH_OPTIONS:
            raise wrong("options", f"options: belongs to choice and choices, and this is {self.type}")
        return self

    @property
    def is_required(self) -> bool:
        """Whether a form without it is refused."""
        return self.type != "checkbox" if self.required is None else self.required

    @property
    def other_names(self) -> tuple[str, ...]:
        """The names under `from`."""
        return (self.from_,) if isinstance(self.from_, str) else tuple(self.from_ or ())


class SpamSettings(FlowModel):
    """What keeps programs out."""

    honeypot: str | None = None
    """a field that people do not see: who fills it is thanked, and nothing is kept"""
    per_ip: RateText | None = None
    """how many forms one address may send, such as 5/1m"""


class FormSettings(FlowModel):
    """`on: {form: {path: /forms/contact, fields: {name: text, email: email}}}`."""

    path: str = Field(examples=["/forms/contact"])
    """where it is posted to; begins with /forms/"""
    fields: dict[str, FieldSettings] = Field(min_length=1)
    """by name; a bare word is a type"""
    allow_origins: list[str] | Literal["any"] = Field(default_factory=list)
    """the sites whose pages may post it; the box's own may always"""
    spam: SpamSettings = Field(default_factory=SpamSettings)
    then: str | None = None
    """where a browser goes afterwards; without it, a page says thank you"""
    body: Size | None = None
    """the largest body, instead of the box's limits.body; up to 100MB"""
    extra: Literal["drop", "keep"] = "drop"
    """whether fields that are not named here are kept, under event.extra"""
    key: str | None = Field(default=None, examples=["body.entry_id"])
    """where the source's own id of what happened is: the same id twice is stored once"""

    @field_validator("path")
    @classmethod
    def _served_path(cls, path: str) -> str:
        if not _PATH.fullmatch(path) or ".." in path.split("/"):
            raise wrong("path", f"expected a path such as /forms/contact, got {path!r}")
        return path

    @field_validator("fields", mode="before")
    @classmethod
    def _types_alone(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        for name in fields:
            if not _NAME.fullmatch(str(name)):
                raise wrong("field", f"a field cannot be called {name!r}: letters, digits and _")
        return {name: {"type": given} if isinstance(given, str) else given for name, given in fields.items()}

    @field_validator("allow_origins")
    @classmethod
    def _are_origins(cls, origins: list[str] | Literal["any"]) -> list[str] | Literal["any"]:
        return check_origins(origins)

    @field_validator("then")
    @classmethod
    def _is_an_address(cls, then: str | None) -> str | None:
        if then is not None and not re.fullmatch(r"(?:https?://[^\s/]+|/(?!/))[^\s\\]*", then):
            raise wrong("then", f"expected an address such as https://salon.example/thanks, got {then!r}")
        return then

    @field_validator("body")
    @classmethod
    def _not_too_large(cls, body: int | None) -> int | None:
        if body is not None and body > _LARGEST_BODY:
            raise wrong("body", f"at most 100MB, got {body} bytes")
        return body

    @field_validator("key")
    @classmethod
    def _place(cls, place: str | None) -> str | None:
        return check_place(place)

    @model_validator(mode="after")
    def _honeypot_is_no_field(self) -> FormSettings:
        if self.spam.honeypot in self.fields:
            raise wrong("honeypot", f"honeypot: {self.spam.honeypot!r} is a field that people fill in")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(schema))
        one = made["properties"]["fields"]["additionalProperties"]
        types = {"enum": list(FieldType.__args__)}  # type: ignore[attr-defined] # what a Literal holds
        made["properties"]["fields"]["additionalProperties"] = {"anyOf": [types, one]}
        return made
