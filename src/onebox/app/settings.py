"""`box.yaml`: how a box behaves. Everything has a default; every fault is told at once, with its place."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic.json_schema import models_json_schema

from onebox.app.accounts import CHANNELS, account_problems, accounts_as_models
from onebox.app.folder import SETTINGS
from onebox.app.secrets import Vault, fill_in, secret_names
from onebox.flows.definition.fields import FlowModel, Size
from onebox.kernel.document import Document, DocumentInvalid, read_document
from onebox.kernel.errors import OneboxError
from onebox.kernel.faults import Fault
from onebox.kernel.fields import Duration, Timezone
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.problems import Problem, problems
from onebox.kernel.wrong import wrong

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from onebox.app.folder import BoxFolder
    from onebox.kernel.document import Location
    from onebox.messaging.channel import Outlet

_POSTGRES = ("postgresql://", "postgres://")
_LONGEST_NAME = 100
_SET_IT = "set it: onebox secrets set {}"


class SettingsInvalid(OneboxError):
    """`box.yaml` cannot be used. `faults` are all that is wrong with it."""

    code: ClassVar[str] = "settings_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)), hint="docs/reference/settings.md has every setting")
        self.faults = faults


def _box_name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_NAME:
        raise wrong("name", f"expected a name of up to {_LONGEST_NAME} characters, got {value!r}")
    return value


def _storage(value: Any) -> str:
    if isinstance(value, str) and (value == "sqlite" or value.startswith(_POSTGRES)):
        return value
    # What was written may hold a password: `verbatim` is a fault whose value is not repeated.
    raise wrong("verbatim", "expected sqlite, or a URL that begins with postgresql://")


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value if isinstance(value, str) else "")
    except ValueError:
        reason = f"expected an address or a network such as 10.0.0.2 or 10.0.0.0/8, got {value!r}"
        raise wrong("network", reason) from None


BoxName = Annotated[
    str,
    PlainValidator(_box_name, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME}),
]
StorageUrl = Annotated[
    str,
    PlainValidator(_storage, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "pattern": "^(sqlite$|postgres(ql)?://)"}),
]
Network = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_network, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]}),
]
Count = Annotated[int, Field(ge=1)]


class LimitSettings(FlowModel):
    """What the box takes on before it says no."""

    backlog: Count = 100_000
    """runs that wait or run; over it, events are refused with 503"""
    body: Size = 5_000_000
    """of one request; over it, 413"""
    concurrency: Count = 256
    """runs that are worked on at a time, over all flows"""


class HttpSettings(FlowModel):
    """Requests that flows make."""

    connections: Count = 200
    """open at a time, over all flows"""


class CodeSettings(FlowModel):
    """`python` steps. How long a call may take and how much memory it may use, its step says."""

    workers: Annotated[int, Field(ge=1, le=64)] = 4
    """child processes at a time"""


class ServerSettings(FlowModel):
    """Where the box listens."""

    host: str = "127.0.0.1"
    """`0.0.0.0` for all networks"""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0: any that is free"""
    trusted_proxies: list[Network] = Field(default_factory=list)
    """addresses and networks that are believed when they say in X-Forwarded-For whom they call for"""


class LogSettings(FlowModel):
    """What the box says of its own work, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """from which weight on"""
    format: Literal["text", "json"] = "text"
    """one line each, for people or for machines"""


class BoxSettings(FlowModel):
    """The settings of one box."""

    box: BoxName = "onebox"
    """its name, as people see it"""
    timezone: Timezone = "UTC"
    """of its schedules and times of day, where a flow names none"""
    storage: StorageUrl = "sqlite"
    """`sqlite` keeps everything in `.onebox/box.db`; `postgresql://user:${secret.name}@host/database` keeps it there"""
    vars: dict[str, Any] = Field(default_factory=dict)
    """what flows see as `${vars.…}`: any tree"""
    accounts: dict[str, Any] = Field(default_factory=dict)
    """where messages go out: `channel/name`, and what the channel needs to know"""
    databases: dict[str, str] = Field(default_factory=dict)
    """for `sql` steps, by name: `postgresql://…` or `sqlite:///file.db`; may hold `${secret.name}`"""
    limits: LimitSettings = Field(default_factory=LimitSettings)
    keep: Duration = Field(default="30d", validate_default=True)
    """how long ended runs are kept, with their events and messages"""
    http: HttpSettings = Field(default_factory=HttpSettings)
    code: CodeSettings = Field(default_factory=CodeSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def outlets(self) -> dict[str, Outlet]:
        """What `send` must know of each account."""
        return {name: account.outlet for name, account in self.accounts.items()}

    def database(self, folder: BoxFolder, secrets: Mapping[str, str]) -> str | Path:
        """What `storage.opening` opens: the SQLite file, or the URL with its secrets filled in."""
        return folder.database if self.storage == "sqlite" else fill_in(self.storage, secrets)


def read_settings(folder: BoxFolder, *, to_run: bool = True) -> BoxSettings:
    """The settings of a box; `to_run`: the secrets that they name must be there. Raises SettingsInvalid with all
    faults; SecretsUnreadable."""
    settings, faults = check_settings(settings_text(folder), Vault(folder, {}).names() if to_run else None)
    if settings is None or faults:
        raise SettingsInvalid(faults)
    return settings


def settings_text(folder: BoxFolder) -> str:
    """What stands in box.yaml."""
    return folder.settings.read_bytes().decode("utf-8-sig", "surrogateescape")


def check_settings(text: str, secrets: Collection[str] | None = None) -> tuple[BoxSettings | None, list[Fault]]:
    """The settings in a text, and all that is wrong with it. `secrets` are the names of those that there are; without
    them, it is not checked whether those that are named are there."""
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return BoxSettings(), []
    try:
        document = read_document(SETTINGS, text)
    except DocumentInvalid as invalid:
        return None, [invalid.fault]
    if not isinstance(document.value, dict):
        return None, [Fault(SETTINGS, 1, 1, "expected settings, such as `box: my-box`")]
    settings, found = _validated(document)
    if settings is not None and secrets is not None:
        found += _missing_secrets(settings, secrets)
    faults = [*document.faults, *(_fault(document, problem) for problem in found)]
    return (None if document.faults else settings), sorted(faults)


def salvaged_vars(text: str) -> dict[str, Any]:
    """The variables of settings that are broken elsewhere, so that flows can be checked all the same."""
    try:
        value = read_document(SETTINGS, text).value
    except DocumentInvalid:
        return {}
    found = value.get("vars") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _validated(document: Document) -> tuple[BoxSettings | None, list[Problem]]:
    settings, found = None, []
    try:
        settings = BoxSettings.model_validate(document.value)
    except ValidationError as error:
        found = problems(error, BoxSettings, document.value, document.written)
    accounts = document.value.get("accounts")
    if isinstance(accounts, dict):
        listed = account_problems(accounts, lambda location: document.written(("accounts", *location)))
        found += [Problem(("accounts", *one.location), one.message, one.hint, at_key=one.at_key) for one in listed]
        if settings is not None and not found:
            settings = settings.model_copy(update={"accounts": accounts_as_models(accounts)})
    return (None if found else settings), found


def _missing_secrets(settings: BoxSettings, known: Collection[str]) -> list[Problem]:
    named: list[tuple[Location, str]] = [
        (("accounts", name, *place), secret)
        for name, account in settings.accounts.items()
        for place, secret in account.secrets
    ]
    urls: list[tuple[Location, str]] = [(("storage",), settings.storage)]
    urls += [(("databases", name), url) for name, url in settings.databases.items()]
    named += [(location, name) for location, url in urls for name in secret_names(url)]
    return [
        Problem(location, f"there is no secret {name!r}{did_you_mean(name, known)}", _SET_IT.format(name), at_key=False)
        for location, name in named
        if name not in known
    ]


def _fault(document: Document, problem: Problem) -> Fault:
    line, column = document.place(problem.location, key=problem.at_key)
    return Fault(document.file, line, column, problem.message, problem.hint)


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of box.yaml, for editors."""
    models: list[type[FlowModel]] = [BoxSettings, *CHANNELS.values()]
    _, made = models_json_schema([(model, "validation") for model in models], title="Onebox: the settings of a box")
    schema = made["$defs"].pop("BoxSettings")
    schema["properties"]["accounts"] |= {
        "additionalProperties": False,
        "patternProperties": {
            f"^{name}/": {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"}, {"type": "null"}]}
            for name, model in CHANNELS.items()
        },
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **made}
