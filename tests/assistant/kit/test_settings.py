"""Settings are merged and taken apart without a change to what is a person's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onebox.assistant.settings import Put, SettingsUnreadable, complete, hooks, merged, taken_out

ENTRIES = [
    *hooks("${CLAUDE_PROJECT_DIR}/.claude/hooks"),
    *((("permissions", "deny"), f"Read({place})") for place in (".env", ".env.*", "!.env.example", "*.pem", "*.key")),
    (("sandbox", "filesystem", "denyRead"), ".env"),
]

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
groups = st.fixed_dictionaries(
    {
        "hooks": st.lists(
            st.fixed_dictionaries({"type": st.just("command"), "command": st.text(max_size=9)}), max_size=2
        )
    },
    optional={"matcher": st.sampled_from(["*", "Bash", "Edit|Write|MultiEdit|NotebookEdit"])},
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "hooks": st.dictionaries(st.sampled_from(["PreToolUse", "Stop", "Start"]), st.lists(groups, max_size=3)),
        "permissions": st.fixed_dictionaries(
            {}, optional={"deny": st.lists(st.sampled_from(["Read(.env)", "Read(x)"]), max_size=3), "allow": values}
        ),
        "sandbox": st.fixed_dictionaries({}, optional={"filesystem": st.just({}), "enabled": st.booleans()}),
        "model": values,
        "env": values,
    },
).flatmap(lambda document: st.permutations(list(document.items())).map(dict))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Documents as people and programs leave them: indented somehow or not at all, with a BOM, with CRLF."""
    indent = draw(st.sampled_from([None, 0, 1, 2, 4, "\t"]))
    separators = draw(st.sampled_from([None, (",", ":"), (", ", ": "), (" , ", " : ")]))
    text = json.dumps(draw(documents), indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    text = draw(st.sampled_from(["", "\n", "  "])) + text + draw(st.sampled_from(["", "\n", "\n\n", " "]))
    text = text.encode("utf-8", "replace").decode()
    return draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def value_of(text: str) -> Any:
    return json.loads(text.removeprefix("\ufeff"))


@given(texts())
@settings(max_examples=60, deadline=None)
def test_what_was_merged_is_taken_out_to_the_byte(text: str) -> None:
    with_kit, put = merged(text, ENTRIES)

    assert text == taken_out(with_kit, put)
    assert complete(with_kit, ENTRIES, put)


@given(texts())
@settings(max_examples=40, deadline=None)
def test_twice_is_once(text: str) -> None:
    once, _ = merged(text, ENTRIES)
    twice, put = merged(once, ENTRIES)

    assert once == twice
    assert put.entries == []


@given(texts())
@settings(max_examples=40, deadline=None)
def test_only_values_are_added(text: str) -> None:
    before, after = value_of(text), value_of(merged(text, ENTRIES)[0])

    assert before.get("model") == after.get("model")
    assert list(before) == list(after)[: len(before)]
    for event, had in before.get("hooks", {}).items():
        assert had == after["hooks"][event][len(after["hooks"][event]) - len(had) :]
    own = before.get("permissions", {}).get("deny", [])
    assert own == after["permissions"]["deny"][len(after["permissions"]["deny"]) - len(own) :]


@given(texts(), st.sampled_from([None, 2, 4]))
@settings(max_examples=60, deadline=None)
def test_from_a_text_that_was_formatted_anew_the_same_goes(text: str, indent: int | None) -> None:
    """Lists that were empty stay; what the kit made goes."""
    with_kit, put = merged(text, ENTRIES)
    anew = json.dumps(value_of(with_kit), indent=indent) + " "

    assert value_of(text) == value_of(taken_out(anew, put))


def test_it_is_set_as_the_rest_is() -> None:
    text = (
        '{\n    "permissions": {\n        "deny": [\n            "Read(x)"\n        ]\n    },\n    "model": "opus"\n}'
    )
    entries = [(("permissions", "deny"), "Read(.env)"), (("sandbox", "filesystem", "denyRead"), ".env")]

    assert merged(text, entries)[0] == (
        '{\n    "permissions": {\n        "deny": [\n            "Read(.env)",\n            "Read(x)"\n        ]\n    },\n'
        '    "model": "opus",\n    "sandbox": {\n        "filesystem": {\n            "denyRead": [\n'
        '                ".env"\n            ]\n        }\n    }\n}'
    )


def test_many_are_not_put_on_one_line() -> None:
    text = '{\n  "permissions": {\n    "deny": ["Read(x)", "Read(y)"]\n  }\n}\n'
    many = [(("permissions", "deny"), f"Read({number})") for number in range(5)]
    put, _ = merged(text, many)

    assert put.splitlines()[2:5] == ['    "deny": [', '      "Read(0)",', '      "Read(1)",']
    assert put.splitlines()[7:9] == ['      "Read(4)",', '      "Read(x)", "Read(y)"]']


def test_rules_that_were_sorted_are_not_complete() -> None:
    """The last rule that matches decides."""
    rules = [(("permissions", "deny"), rule) for rule in ("Read(.env.*)", "Read(!.env.example)")]
    text, put = merged('{"permissions": {"deny": ["Read(mine)"]}}', rules)
    document = value_of(text)
    document["permissions"]["deny"].insert(1, "Read(other)")

    assert complete(json.dumps(document), rules, put)
    document["permissions"]["deny"].sort()
    assert not complete(json.dumps(document), rules, put)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  // mine\n  "a": 1\n}', ".claude/settings.json:2:3: a comment, which JSON does not have"),
        ('{"a": 1,}', ".claude/settings.json:1:9: a name in \"…\" was expected, and here is '}'"),
        ('{"a": 1', ".claude/settings.json:1:8: ',' or '}' was expected, and the text ends"),
        ("[]", ".claude/settings.json:1:1: what is in the file must be an object"),
        ('{\n "hooks": []\n}', ".claude/settings.json:2:11: `hooks` must be an object"),
        ('{"permissions": {"deny": "all"}}', ".claude/settings.json:1:26: `permissions.deny` must be a list"),
        ('{"a": 1} x', ".claude/settings.json:1:10: the end was expected, and here is 'x'"),
        ('{"a": tru}', ".claude/settings.json:1:7: a value was expected, and here is 't'"),
        ('{"a": "b\n"}', ".claude/settings.json:1:9: invalid control character at"),
        ('{"a": ' + "[" * 300, ".claude/settings.json:1:207: more than 200 values in each other"),
    ],
)
def test_what_is_no_settings_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SettingsUnreadable) as refused:
        merged(text, ENTRIES)

    assert refused.value.message == said
    assert "nothing was written" in (refused.value.hint or "")


def test_a_hook_of_an_older_kit_is_replaced() -> None:
    """Its place is known by the script that it runs."""
    old = {"type": "command", "command": "python3 .claude/hooks/protect_secrets.py"}
    own = {"type": "command", "command": "true"}
    text = json.dumps({"hooks": {"PreToolUse": [{"matcher": "Edit", "hooks": [own, old]}]}})

    assert not complete(text, ENTRIES, Put())
    assert value_of(taken_out(text, Put())) == {"hooks": {"PreToolUse": [{"matcher": "Edit", "hooks": [own]}]}}


def test_a_hook_that_was_changed_goes_with_the_kit() -> None:
    """Without its script it would block every call."""
    text, put = merged("{}", ENTRIES)

    assert value_of(taken_out(text.replace('"timeout": 10', '"timeout": 20'), put)) == {}


def test_a_person_may_put_the_hook_to_their_own() -> None:
    path, group = ENTRIES[0]
    text = json.dumps({"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "x"}, *group["hooks"]]}]}})

    assert value_of(merged(text, [(path, group)])[0]) == value_of(text)


def test_a_hook_that_moved_to_a_persons_group_is_found_there() -> None:
    _, put = merged("{}", ENTRIES[:1])
    own = {"type": "command", "command": "true"}
    moved = json.dumps({"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [*ENTRIES[0][1]["hooks"], own]}]}})

    assert value_of(taken_out(moved, put)) == {"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [own]}]}}
