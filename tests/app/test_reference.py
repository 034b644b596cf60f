"""The reference says all that there is, and nothing that is not."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import BaseModel

import onebox
from onebox.app.accounts import CHANNELS, PaceSettings
from onebox.app.catalogue import catalogue
from onebox.app.settings import BoxSettings, check_settings
from onebox.app.testing import writings_of
from onebox.app.throttling import ThrottleSettings
from onebox.booking.reading import read_salon
from onebox.dispatch.booking_trigger import BookingFields
from onebox.flows.check import ALWAYS, ERROR_NAMES
from onebox.flows.definition import FlowLoader, models
from onebox.flows.expressions import filters
from onebox.flows.native import EventFields
from onebox.flows.testing import models as test_models
from onebox.flows.testing.cases import Setting, read_cases
from onebox.flows.testing.judging import Surroundings, judge
from onebox.flows.testing.reporting import details
from onebox.kernel.errors import OneboxError
from onebox.messaging.channel import FAILURES, Outlet

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
KINDS = catalogue()


def page(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text()


def rows(text: str) -> set[str]:
    """What stands in backticks in the first column of its tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]*)`", cell)}


def section(text: str, name: str) -> str:
    found = re.search(rf"^## [^\n]*`{re.escape(name)}`[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section for {name}"
    return found[1]


def names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def dotted(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from dotted(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_is_documented() -> None:
    text = page("settings")
    main = rows(text.partition("## Accounts")[0])

    assert main == set(dotted(BoxSettings))
    accounts = rows(text.partition("## Accounts")[2].partition("## Secrets")[0])
    own = {name for model in CHANNELS.values() for name in names(model)} - {"pace", "throttle"}
    shared: dict[str, type[BaseModel]] = {"pace": PaceSettings, "throttle": ThrottleSettings}
    assert accounts == own | {f"{part}.{name}" for part, model in shared.items() for name in names(model)}
    assert [channel for channel in CHANNELS if f"`{channel}/…`" not in text] == []


def test_defaults_of_settings_are_as_documented() -> None:
    listed = dict(
        re.findall(r"^\| `([a-z_.]+)` \| `([^`]+)` \|", page("settings").partition("## Accounts")[0], re.MULTILINE)
    )
    tree: dict[str, Any] = {}
    for name, default in listed.items():
        group, dot, key = name.partition(".")
        (tree.setdefault(group, {}) if dot else tree)[key or name] = int(default) if default.isdigit() else default
    import yaml

    assert check_settings(yaml.safe_dump(tree)) == (BoxSettings(), [])


@pytest.mark.parametrize("kind", KINDS.steps.values(), ids=KINDS.steps)
def test_every_step_is_documented(kind: Any) -> None:
    text = section(page("steps"), kind.name)

    assert names(kind.arguments) - rows(text) == set()


def test_no_step_is_invented() -> None:
    titles = {
        name
        for title in re.findall(r"^## (.*)$", page("steps"), re.MULTILINE)
        for name in re.findall("`([^`]+)`", title)
    }

    assert titles == KINDS.steps.keys()
    for name in titles:
        http = {
            argument
            for kind in KINDS.steps.values()
            if kind.name.startswith("http.")
            for argument in names(kind.arguments)
        }
        known = http if name.startswith("http.") else names(KINDS.steps[name].arguments)
        assert rows(section(page("steps"), name)) - known == set()


@pytest.mark.parametrize("kind", KINDS.triggers.values(), ids=KINDS.triggers)
def test_every_trigger_is_documented(kind: Any) -> None:
    text = section(page("triggers"), kind.name)
    rooted: dict[str, type[BaseModel]] = {"event": EventFields, "booking": BookingFields}
    settings = names(rooted.get(kind.name, kind.settings))

    assert settings - rows(text) == set()
    assert [name for name in kind.names or () if f"`{name}`" not in text] == []


def test_no_trigger_is_invented() -> None:
    assert set(re.findall(r"^## `(\w+)`", page("triggers"), re.MULTILINE)) == KINDS.triggers.keys()


def test_every_kind_of_failed_message_is_documented() -> None:
    assert FAILURES.keys() - rows(section(page("triggers"), "event")) == set()


def test_every_key_of_a_flow_is_documented() -> None:
    parts: list[type[BaseModel]] = [
        models.FlowFile,
        models.LimitFields,
        models.RetryFields,
        models.CatchFields,
        models.CaseFields,
    ]
    parts += [models.RepeatFields, models.WaitForFields, models.StepFields]
    text = page("flows")

    assert {name for part in parts for name in names(part)} - rows(text) == set()
    inner = {name for shape in models.SHAPES.values() for name in names(shape)} | names(models.UntilFields)
    assert [name for name in inner if f"`{name}`" not in text and f"`{{{name}:" not in text] == []
    assert set(get_args(models.StepShape)) - rows(text) == set()


def test_every_key_of_a_test_is_documented() -> None:
    text = page("tests")
    parts: list[type[BaseModel]] = [test_models.CaseFields, test_models.ExpectFields, test_models.FailureFields]

    listed = {name for name in rows(text) if re.fullmatch("[a-z_]+", name)}
    forms = {name for name in test_models.FORMS if f"`{{{name}: " in text}
    keys = {name for part in parts for name in names(part)}
    assert keys - listed == set()
    assert listed - keys - KINDS.triggers.keys() - {"each", "repeat", "expect", "fails"} == set()
    assert forms == set(test_models.FORMS)


def judged(flow_text: str, *tests: str) -> dict[str, list[str]]:
    """What is told of each case of these tests of a flow; nothing of those that pass."""
    [flow] = FlowLoader(KINDS).load({"flows/orders.yaml": flow_text}).flows
    accounts = {"terminal/main": Outlet(), "telegram/main": Outlet(is_chat=True)}
    surroundings = Surroundings({}, {}, KINDS.triggers, writings_of(accounts))
    setting = Setting(KINDS.triggers)
    cases = [case for block in tests for case in read_cases("flows/orders.test.yaml", block, flow, setting).cases]
    return {case.name: details(judge(case, flow, surroundings)) for case in cases}


def examples_of(guide: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", (DOCS / f"guides/{guide}.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_tests_of_the_guide_pass() -> None:
    assert judged(*examples_of("testing-flows")) == {
        "the desk hears of an order": [],
        "the shop is busy at first": [],
        "the shop is down": [],
    }


def test_the_conversation_of_the_guide_passes() -> None:
    assert judged(*examples_of("conversations")) == {"whoever was not content is heard": []}


ASKED = """\
flow: ask
on: {telegram: {}}
steps:
  - id: day
    do: ask
    with: {to: "${event.sender}", text: "When?", choices: [{id: fri, title: Friday}, {id: sat, title: Saturday}]}
    timeout: 1h
    catch: {value: {choice: none}}
output: ${day.choice}
"""


@pytest.mark.parametrize(
    ("steps", "output"),
    [
        ("{day: Friday}", "fri"),
        ("{day: '2'}", "sat"),
        ("{day: {choice: sat}}", "sat"),
        ("{day: {text: Sunday}}", "null"),
        ("{day: {times_out: true}}", "none"),
    ],
)
def test_a_question_is_answered_in_tests_as_people_do(steps: str, output: str) -> None:
    case = f"- {{name: a, event: {{telegram: {{text: Hi}}}}, steps: {steps}, expect: {{output: {output}}}}}"

    assert judged(ASKED, case) == {"a": []}


def test_a_question_without_an_answer_says_what_it_offered() -> None:
    told = judged(ASKED, "- {name: a, event: {telegram: {text: Hi}}}")["a"]

    assert "fri" in " ".join(told)


def test_every_name_and_filter_is_documented() -> None:
    text = page("expressions")
    known = {*ALWAYS, *ERROR_NAMES, *filters.FILTERS, *filters.TESTS, *filters.FUNCTIONS}

    assert [name for name in sorted(known) if not re.search(rf"`{name}(\(.*?\))?`", text)] == []


def all_codes() -> set[str]:
    for module in pkgutil.walk_packages(onebox.__path__, "onebox."):
        if (
            ".templates" not in module.name
            and not module.name.endswith("__main__")
            and ".migrations" not in module.name
        ):
            importlib.import_module(module.name)
    kinds: list[type[OneboxError]] = [OneboxError, *subclasses(OneboxError)]
    return {kind.code for kind in kinds if kind.__module__.startswith("onebox.")}


def subclasses(kind: type[OneboxError]) -> Iterator[type[OneboxError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


RAISED = {"StepFailed": 0, "Fails": 0, "failure": 0, "Refused": 1}


def raised_codes() -> Iterator[str]:
    """Codes that are given where a failure is made. The sandbox refuses in the words of Telegram and WhatsApp."""
    rooms = sorted((ROOT / "src/onebox").rglob("*.py"))
    for file in (file for file in rooms if "sandbox" not in file.relative_to(ROOT).parts):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                place = RAISED.get(ast.unparse(node.func).rpartition(".")[2])
                if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                    yield str(ast.literal_eval(node.args[place]))


def test_every_error_code_is_documented() -> None:
    assert (all_codes() | set(raised_codes())) - rows(page("errors")) == set()


def test_no_error_code_is_invented() -> None:
    listed = {code for code in rows(page("errors")) if re.fullmatch(r"[a-z_]+", code)}
    source = "\n".join(file.read_text() for file in (ROOT / "src/onebox").rglob("*.py"))

    assert [code for code in sorted(listed) if f'"{code}"' not in source] == []


PAGES = [*sorted((DOCS / "reference").glob("*.md")), *sorted((DOCS / "guides").glob("*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_every_example_has_no_faults(file: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)
    flows = {f"{file.stem}-{number}.yaml": block for number, block in enumerate(blocks) if block.startswith("flow:")}
    settings = [block for block in blocks if block.startswith(("box:", "accounts:"))]
    tests = [block for block in blocks if block.startswith("- name:")]
    salons = [block for block in blocks if block.startswith(("time_zone:", "currency:"))]

    assert len(flows) + len(settings) + len(tests) + len(salons) == len(blocks)
    assert [faults for block in tests if (faults := read_cases("a", block, None, Setting(KINDS.triggers)).faults)] == []
    assert list(map(str, FlowLoader(KINDS).load(flows).faults)) == []
    assert [faults for block in salons if (faults := read_salon("booking.yaml", block)[1])] == []
    assert [faults for block in settings if (faults := check_settings(block)[1])] == []
