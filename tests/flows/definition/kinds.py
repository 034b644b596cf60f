"""Stand-ins for the kinds that other rooms bring, and a box for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from onebox.flows.definition import Duration, FlowLoader, FlowModel, Given, Loaded, Names, Verbatim
from onebox.flows.kinds import Catalogue, StepKind, TriggerKind
from onebox.flows.native import native_steps, native_triggers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.flows.plan import Flow


class HttpArguments(FlowModel):
    url: Given[str]
    auth: Given[str] | None = None
    timeout: Given[Duration] | None = None
    headers: dict[str, Given[str]] = Field(default_factory=dict)


class SqlArguments(FlowModel):
    run: Verbatim
    args: Given[dict[str, Any]] = Field(default_factory=dict)


class WebhookSettings(FlowModel):
    path: str
    method: str = "POST"


class FormSettings(FlowModel):
    model_config = ConfigDict(extra="allow")

    path: str


class FeedSettings(FlowModel):
    urls_from: str
    every: Duration
    overlap: str = "skip"


class ScheduleSettings(FlowModel):
    cron: str
    timezone: str = "UTC"
    missed: str = "latest"


class TelegramSettings(FlowModel):
    bot: str
    updates: list[str] = Field(default_factory=list)


def _trigger(name: str, settings: type[FlowModel], names: str) -> TriggerKind:
    return TriggerKind(name, settings, lambda flow, _settings: f"{name}.{flow}", names.split())


def catalogue() -> Catalogue:
    """Every kind that the four examples use."""
    steps = [
        *native_steps(),
        StepKind("http.get", HttpArguments, results=("status", "headers", "body")),
        StepKind("sql", SqlArguments, results=("rows", "row", "count")),
    ]
    triggers = [
        *native_triggers(),
        _trigger("telegram", TelegramSettings, "text sender at"),
        _trigger("feed", FeedSettings, "title link at"),
        _trigger("form", FormSettings, "fields at"),
        _trigger("schedule", ScheduleSettings, "at"),
        TriggerKind(
            "webhook",
            WebhookSettings,
            lambda _flow, settings: f"webhook.{settings.path}",
            ("body", "headers", "query", "path", "method"),
            lambda settings: [f"{settings.method} /hooks/{settings.path}"],
        ),
    ]
    return Catalogue({kind.name: kind for kind in steps}, {kind.name: kind for kind in triggers})


NAMES = Names(vars=("shop_api", "metric_apis", "report_to"), secrets=("crm_token",))


def loader(files: Mapping[str, str] | None = None, names: Names = NAMES) -> FlowLoader:
    """Of a box with these files."""
    beside = files or {}
    return FlowLoader(catalogue(), names, beside.get, beside.keys, timezone="Europe/Berlin")


def load(files: Mapping[str, str]) -> Loaded:
    """All of a box's files: flows are those that end in .yaml."""
    return loader(files).load({name: text for name, text in files.items() if name.endswith(".yaml")})


def flow_of(steps: str, head: str = "on: {webhook: {path: w}}\n", **files: str) -> Flow:
    """A flow with these steps, which must be without a fault."""
    loaded = load({"flows/w.yaml": f"flow: w\n{head}steps:\n{steps}", **files})
    assert not loaded.faults, "\n".join(map(str, loaded.faults))
    return loaded.flows[0]
