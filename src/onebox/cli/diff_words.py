"""The words for what `onebox diff` finds: one sentence each, and why it deserves a second look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.cli.output import jsonable, one_line
from onebox.flows.difference import Change, Reason
from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.flows.difference import Finding, Spot

WHY = {
    Reason.recipient: "it reaches someone else, or someone new",
    Reason.act: "it does something else there",
    Reason.effect_lost: "what was done is not done any more",
    Reason.door: "more can come in, or by less proof",
    Reason.secret: "a secret goes where it did not go",
    Reason.limit: "more is taken, sent or spent",
    Reason.repeats: "what was done once may be done again",
    Reason.unheard: "failures are not dealt with any more",
    Reason.data: "rows may be changed or lost",
    Reason.kept: "what is kept goes earlier",
    Reason.callers: "who calls it, or what it waits for, may not find it any more",
    Reason.elsewhere: "it works elsewhere, or as someone else",
    Reason.applied: "a box that has applied it keeps what it made, and does not start with another text",
}
"""why a change is risky"""

_WIDTH = 120
_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|\d|\d-\d|[A-Za-z]{3}(?:-[A-Za-z]{3})?)")
_CALLED = {
    "to": "the recipient",
    "via": "the account",
    "url": "the address",
    "text": "the text",
    "template": "the template",
    "if": "the condition `if`",
    "do": "what it does",
    "each": "the list of `each`",
    "file": "the file",
}


def sentence(found: Finding) -> str:
    """What changed, in one line without a full stop."""
    first = found.subject.partition(" ")[0].partition(".")[0]
    tell = _WHOLE.get(found.change) or _BY_SUBJECT.get(first) or _value
    return one_line(tell(found), 400)


def value(given: Any) -> str:
    """A value as it is written, in one line.

    >>> value("office"), value("two words"), value({"a": 1}), value(None)
    ('office', '"two words"', '{"a":1}', 'none')
    """
    if given is None:
        return "none"
    plain = isinstance(given, str) and given and not any(sign.isspace() for sign in given)
    return one_line(given if plain else to_json(jsonable(given)), _WIDTH)


def spot(of: Spot) -> str:
    """A step, by its id or its place, and what it is."""
    if of.about.startswith("case"):
        return f"{of.about} of `{of.path.rpartition('.')[0]}`"
    return f"step {_called(of)} ({of.about})"


def _called(of: Spot) -> str:
    return f"`{of.name}`" if of.name else of.path


def _short(of: Spot) -> str:
    return f"`{of.name}`" if of.name else f"step {of.path}"


def _step(found: Finding) -> str:
    assert found.spot is not None
    does = f", which does: {'; '.join(found.effects)}" if found.effects else ""
    if found.change is Change.removed:
        return f"{spot(found.spot)} was removed{does}"
    after = f" after {_short(found.beside)}" if found.beside else ""
    return f"{spot(found.spot)} was added{after}{does}"


def _moved(found: Finding) -> str:
    if found.spot is None:
        return f"its file is {found.after} now, was {found.before}"
    return f"{spot(found.spot)} was moved from {_list(found.before)} to {_list(found.after)}"


def _list(within: str) -> str:
    """A list of steps: the flow's own, or one in a step, such as `3.then`."""
    owner, _, name = within.rpartition(".")
    return f"`{name}` of step {owner}" if owner else f"the flow's `{name}`"


def _reordered(found: Finding) -> str:
    assert found.spot is not None
    where = f"comes after {_short(found.beside)} now" if found.beside else "comes first now"
    return f"the order changed: {spot(found.spot)} {where}"


def _renamed(found: Finding) -> str:
    if found.spot is None:
        return f"the flow is called {found.after} now, was {found.before}"
    if found.before and found.after:
        return f"{spot(found.spot)} was called `{found.before}`"
    if found.after:
        return f"{spot(found.spot)} has an id now"
    return f"{spot(found.spot)} has no id any more, was `{found.before}`"


def _secret(found: Finding) -> str:
    name = f"`{found.subject}`"
    if found.spot is None:
        return f"{name} is newly used by {found.after}"
    how = "is newly used in" if found.change is Change.used else "is used in another place:"
    return f"{name} {how} {spot(found.spot)}"


def _layout(_found: Finding) -> str:
    return "only its layout changed"


def _faulty(found: Finding) -> str:
    when = {("before",): "had faults before", ("after",): "has faults now"}.get(
        tuple(found.after), "has faults, before and now"
    )
    return f"it {when}{': the lines that differ' if found.lines else ''}"


def _unknown(_found: Finding) -> str:
    return "something else changed: the lines that differ"


def _text(found: Finding) -> str:
    if found.subject == "statement":
        assert found.spot is not None
        return f"{spot(found.spot)}: the statement changed"
    return f"{_lines(found.lines)} changed in {found.subject.removeprefix('file ')}"


def _lines(lines: Sequence[str]) -> str:
    number = max(sum(line.startswith(sign) for line in lines) for sign in "-+")
    return f"{number} line{'' if number == 1 else 's'}"


def _flow(found: Finding) -> str:
    starts = ", ".join(found.before or found.after or []) or "nothing"
    does = (
        f"; it {'did' if found.change is Change.removed else 'does'}: {'; '.join(found.effects)}"
        if found.effects
        else ""
    )
    if found.change is Change.removed:
        return f"the flow was removed; it was started by {starts}{does}"
    return f"the flow is new; it is started by {starts}{does}"


def _trigger(found: Finding) -> str:
    name, _, setting = found.subject.partition(".")
    if not setting:
        given = found.before or found.after
        return f"{name} was {found.change}{f' ({value(given)})' if given else ''}"
    before, after = (
        _times(found.before, found.after) if setting == "cron" else (value(found.before), value(found.after))
    )
    return f"{name}: {_turned(f'`{setting}`', found, before, after)}"


def _times(before: Any, after: Any) -> tuple[str, str]:
    """Two schedules, in words where they are simple."""
    words = [_cron(one) for one in (before, after)]
    return tuple(
        f"{word} ({value(one)})" if word else value(one) for word, one in zip(words, (before, after), strict=True)
    )  # type: ignore[return-value]


def _cron(text: Any) -> str | None:
    """
    >>> _cron("0 6 * * *"), _cron("30 18 * * MON-FRI"), _cron("*/5 * * * *")
    ('daily at 06:00', 'MON-FRI at 18:30', None)
    """
    found = _CRON.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    minute, hour, days = found.groups()
    on = "daily" if days == "*" else f"day {days} of the week" if days.isdigit() else days
    return f"{on} at {int(hour):02}:{int(minute):02}"


def _case(found: Finding) -> str:
    if found.change in (Change.added, Change.removed):
        return _step(found)
    assert found.spot is not None
    before, after = (
        ", ".join(f"`{key}` {value(one)}" for key, one in side.items()) for side in (found.before, found.after)
    )
    return f"{spot(found.spot)}: it asked for {before or 'nothing'}, and asks for {after or 'nothing'} now"


def _catch(found: Finding) -> str:
    assert found.spot is not None
    before, after = (_caught(side) for side in (found.before, found.after))
    return f"{spot(found.spot)}: {_turned('`catch`', found, before, after)}"


def _caught(catch: Any) -> str:
    """What happens instead of a failure."""
    if isinstance(catch, dict) and "value" in catch:
        return f"the value {to_json(jsonable(catch['value']))}"
    return "steps" if catch == {"steps": True} else value(catch)


def _retry(found: Finding) -> str:
    assert found.spot is not None
    key = found.subject.partition(".")[2]
    if not key:
        return f"{spot(found.spot)}: `retry` was {found.change} ({value(found.before or found.after)})"
    return f"{spot(found.spot)}: `retry.{key}` {value(found.before)} → {value(found.after)}"


def _named(found: Finding) -> str:
    """Accounts, databases, secrets of the box, and files."""
    what, _, rest = found.subject.partition(" ")
    name, _, setting = rest.partition(" ")
    if setting:
        return f"the {what} {name}: {_turned(f'`{setting}`', found, value(found.before), value(found.after))}"
    given = found.before if found.change is Change.removed else found.after
    if found.change is Change.changed and what == "secret":
        return f"the secret {name} was set anew"
    if found.change is Change.changed and what == "file":
        return f"{name} was changed"
    if found.change in (Change.added, Change.removed):
        shown = f" ({value(given)})" if given else ""
        return f"{'' if what == 'file' else f'the {what} '}{name} was {found.change}{shown}"
    return f"the {what} {_turned(name, found, value(found.before), value(found.after))}"


def _value(found: Finding) -> str:
    """A value that came, went or changed."""
    name = found.subject.removeprefix("with.")
    called = _CALLED.get(name, f"`{name}`") if found.spot else f"`{name}`"
    told = _turned(called, found, value(found.before), value(found.after))
    return f"{spot(found.spot)}: {told}" if found.spot else told


def _turned(called: str, found: Finding, before: str, after: str) -> str:
    if found.change is Change.added:
        return f"{called} was added ({after})" if found.after is not None else f"{called} was added"
    if found.change is Change.removed:
        return f"{called} was removed (was {before})" if found.before is not None else f"{called} was removed"
    if found.lines:
        return f"{called} changed"
    verb = f"was {found.change}" if found.change in (Change.raised, Change.lowered) else "changed"
    if found.subject == "keep":
        verb = {Change.raised: "was lengthened", Change.lowered: "was shortened"}.get(found.change, verb)
    return f"{called} {verb} from {before} to {after}"


_WHOLE: dict[Change, Callable[[Finding], str]] = {
    Change.moved: _moved,
    Change.reordered: _reordered,
    Change.renamed: _renamed,
    Change.used: _secret,
    Change.spread: _secret,
    Change.layout: _layout,
    Change.faulty: _faulty,
    Change.unknown: _unknown,
    Change.text: _text,
}
_BY_SUBJECT: dict[str, Callable[[Finding], str]] = {
    "step": _step,
    "case": _case,
    "flow": _flow,
    "trigger": _trigger,
    "retry": _retry,
    "catch": _catch,
    "account": _named,
    "database": _named,
    "secret": _named,
    "file": _named,
}
