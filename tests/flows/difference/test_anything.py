"""Whatever two texts are, comparing them ends well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from onebox.flows.difference import Box, Change, Finding, FlowText, compare
from onebox.flows.kinds import StepKind
from onebox.kernel.encoding import to_json
from tests.flows.definition.kinds import load
from tests.flows.definition.test_any_text import _EXAMPLES, _TREES, _WORDS
from tests.flows.definition.test_examples import example_files

if TYPE_CHECKING:
    from onebox.flows.plan import Flow

_FLOWS = st.builds(
    lambda tree: to_json({"flow": "w", "on": {"manual": None}, **tree}),
    st.dictionaries(st.sampled_from(_WORDS), _TREES, max_size=6),
)
_STEPS = st.builds(
    lambda steps: to_json({"flow": "w", "on": {"manual": None}, "steps": steps}),
    st.lists(_TREES, min_size=1, max_size=4),
)


@st.composite
def _slips(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(_EXAMPLES))
    at, length = draw(st.integers(0, 2000)), draw(st.integers(0, 30))
    return text[:at] + draw(st.sampled_from(["", *_WORDS, "\t", "&a ", "9", "true"])) + text[at + length :]


_TEXTS = st.text() | st.sampled_from(_EXAMPLES) | _FLOWS | _STEPS | _slips()


def findings(before: str, after: str) -> list[Finding]:
    old, new = (Box([FlowText("w", "flows/w.yaml", text)]) for text in (before, after))
    return [finding for part in compare(old, new, lambda kind: kind != "set") for finding in part.findings]


@settings(max_examples=300)
@given(_TEXTS)
@example("a: .nan")
def test_a_flow_is_as_itself(text: str) -> None:
    assert findings(text, text) == []


@settings(max_examples=500)
@given(_TEXTS, _TEXTS)
def test_two_texts_that_differ_are_never_the_same(before: str, after: str) -> None:
    found = findings(before, after)

    assert (found == []) == (before == after)


@settings(max_examples=400)
@given(st.sampled_from(_EXAMPLES), st.integers(0, 2000), st.integers(0, 30), st.sampled_from(["", *_WORDS, "9", "30d"]))
@example(_EXAMPLES[0], 0, 0, "# a word\n")
def test_flows_that_do_otherwise_differ_in_more_than_their_layout(text: str, at: int, length: int, word: str) -> None:
    slipped = text[:at] + word + text[at + length :]
    beside = {name: file for name, file in example_files().items() if not name.endswith(".yaml")}
    plans = [_plan(flow) for one in (text, slipped) for flow in load({"flows/w.yaml": one, **beside}).flows]

    changes = {finding.change for finding in findings(text, slipped)}

    if len(plans) > 1 and plans[0] != plans[1]:
        assert changes - {Change.layout}


def _plan(flow: Flow) -> str:
    """What of a plan can be compared: its values, and its formulas as they are written."""
    return repr(
        [_plain(getattr(flow, name)) for name in ("name", "triggers", "steps", "limits", "output", "on_error", "keep")]
    )


def _plain(part: Any) -> Any:
    if hasattr(part, "source"):
        return part.source
    if isinstance(part, BaseModel):
        return part.model_dump()
    if isinstance(part, StepKind):
        return part.name
    if isinstance(part, (list, tuple)):
        return [_plain(item) for item in part]
    slots = [name for name in getattr(type(part), "__slots__", ()) if name not in ("place", "matches")]
    return [type(part).__name__, *(_plain(getattr(part, name)) for name in slots)] if slots else repr(part)
