"""Whatever stands in the files, loading them gives flows and faults."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from onebox.kernel.encoding import to_json
from tests.flows.definition.kinds import load
from tests.flows.definition.test_examples import example_files

_WORDS = (
    "flow on steps do with if then else switch cases match equals when each as parallel repeat times until while try "
    "catch finally wait wait_for id retry timeout once value log send text template file sql run webhook manual path "
    "limits output on_error keep timezone event ${event.body} ${} ${a.b 3d 1s [ ] { } '"
).split()
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(_WORDS) | st.text()
_TREES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=5),
    max_leaves=25,
)
_EXAMPLES = [text for name, text in sorted(example_files().items()) if name.endswith(".yaml")]


@given(st.text())
def test_any_text(text: str) -> None:
    loaded = load({"x.yaml": text})

    assert len(loaded.flows) + len(loaded.faults) > 0


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(_WORDS), _TREES, max_size=6))
def test_any_tree(tree: dict[str, Any]) -> None:
    loaded = load({"x.yaml": to_json({"flow": "w", "on": {"manual": None}, **tree})})

    assert len(loaded.flows) + len(loaded.faults) > 0


@settings(max_examples=300)
@given(st.lists(_TREES, min_size=1, max_size=4))
@example([{"each": None, "as": [], "steps": None}])
def test_any_steps(steps: list[Any]) -> None:
    loaded = load({"x.yaml": to_json({"flow": "w", "on": {"manual": None}, "steps": steps})})

    assert len(loaded.flows) + len(loaded.faults) > 0


@settings(max_examples=200)
@given(
    st.sampled_from(_EXAMPLES), st.integers(0, 2000), st.integers(0, 30), st.sampled_from(["", *_WORDS, "\t", "&a "])
)
def test_any_slip_in_an_example(text: str, at: int, length: int, instead: str) -> None:
    loaded = load({"flows/x.yaml": text[:at] + instead + text[at + length :]})

    assert len(loaded.flows) + len(loaded.faults) > 0
