"""A box for cases: the kinds of the definition's tests, with a form as flows of a real box have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.app.testing import writings_of
from onebox.flows.definition import FlowLoader, Names
from onebox.flows.kinds import Catalogue, EventRefused, TriggerKind
from onebox.flows.schedule import schedule_trigger
from onebox.flows.testing.cases import CaseFile, Setting, read_cases
from onebox.flows.testing.judging import Outcome, Surroundings, judge, stand_in
from onebox.flows.testing.reporting import details
from onebox.messaging.channel import Outlet
from onebox.web.webhook import webhook_trigger
from tests.flows.definition.kinds import FormSettings, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.flows.plan import Flow

VARIABLES = {
    "shop_api": "https://shop.example",
    "report_to": "ana@example.org",
    "metric_apis": [{"url": "https://one.example", "auth": "one"}, {"url": "https://two.example", "auth": "two"}],
}
ACCOUNTS = {
    "discord/log": Outlet("log"),
    "email/office": Outlet(),
    "slack/team": Outlet("team"),
    "telegram/main": Outlet(),
}


def _form(_settings: Any, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    if given.get("website"):
        raise EventRefused("form: website is filled in, which only bots do")
    return {"fields": dict(given), "at": at}


def kinds() -> Catalogue:
    known = catalogue()
    form = TriggerKind("form", FormSettings, lambda flow, _settings: f"form.{flow}", ("fields", "at"), example=_form)
    own = {"form": form, "schedule": schedule_trigger(), "webhook": webhook_trigger()}
    return Catalogue(known.steps, {**known.triggers, **own})


TRIGGERS = kinds().triggers
SETTING = Setting(TRIGGERS, VARIABLES, ("crm_token",))
SURROUNDINGS = Surroundings(
    variables=VARIABLES,
    secrets={"crm_token": stand_in("crm_token")},
    triggers=TRIGGERS,
    writings=writings_of(ACCOUNTS),
)
HEAD = "on: {webhook: {path: w}}\n"


def flow_of(steps: str, head: str = HEAD, **files: str) -> Flow:
    """A flow with these steps, which must be without a fault."""
    text = f"flow: w\n{head}steps:\n{steps}"
    return compiled({"flows/w.yaml": text, **files})["flows/w.yaml"]


def compiled(files: Mapping[str, str]) -> dict[str, Flow]:
    """The flows of these files, by file."""
    names = Names(vars=VARIABLES, secrets=("crm_token",), flows=("child", "alert"))
    loader = FlowLoader(kinds(), names, files.get, files.keys, timezone="Europe/Berlin")
    loaded = loader.load({name: text for name, text in files.items() if name.endswith(".yaml")})
    assert not loaded.faults, "\n".join(map(str, loaded.faults))
    return {flow.file: flow for flow in loaded.flows}


def read(flow: Flow, text: str) -> CaseFile:
    """A test file of the flow, which must be without a fault."""
    file = read_cases("flows/w.test.yaml", text, flow, SETTING)
    assert not file.faults, "\n".join(map(str, file.faults))
    return file


def outcomes(flow: Flow, text: str) -> list[Outcome]:
    """What becomes of each case of a text."""
    return [judge(case, flow, SURROUNDINGS) for case in read(flow, text).cases]


def told(flow: Flow, text: str) -> str:
    """What becomes of the cases, as a person reads it; empty where all passed."""
    return "\n".join(line for outcome in outcomes(flow, text) for line in details(outcome))
