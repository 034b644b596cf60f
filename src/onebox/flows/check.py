"""Which names exist where in a flow, so that a wrong one is found before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.flows.expressions import RESERVED
from onebox.flows.expressions.filters import FUNCTIONS
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from onebox.flows.expressions import Reference

ALWAYS = ("event", "vars", "secret", "run", "flow", "now")
ERROR_NAMES = frozenset({"code", "message", "step", "passing"})
RUN_NAMES = frozenset({"id", "flow", "started_at"})
RESERVED_IDS = frozenset({*ALWAYS, "each", "index", "match", "error", "loop", *RESERVED, *FUNCTIONS})
_ONLY_IN = {
    "match": "`match` exists inside a case with `match` alone",
    "error": "`error` exists inside `catch` and `on_error` alone",
    "each": "`each` exists inside a step with `each` alone (and not if it has `as`)",
    "index": "`index` exists inside `each` and `repeat` alone",
    "loop": "`loop` exists inside {% for %} of a template alone",
}
Known = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Names:
    """What the box has: names of variables and secrets (None: not known, so not checked), and its time zone."""

    vars: Collection[str] | None = None
    secrets: Collection[str] | None = None
    flows: Collection[str] = ()
    """names of flows besides those in the files that are being loaded"""


@dataclass(slots=True)
class Scope:
    """The names at one place of a flow: each with the names that it has, or None if it may have any."""

    roots: dict[str, Known]
    all_ids: frozenset[str]
    added: dict[str, Known] = field(default_factory=dict)
    branches: list[Scope] = field(default_factory=list)

    def add(self, name: str, known: Known = None) -> None:
        """From here on, a step's result is seen."""
        self.roots[name] = known
        self.added[name] = known

    def inside(self, **extra: Known) -> Scope:
        """The names inside a body, where `extra` ones exist."""
        return Scope({**self.roots, **extra}, self.all_ids)

    def pend(self, body: Scope) -> None:
        """The ids of a branch are seen once `settle` is called, but not by the branches beside it."""
        self.branches.append(body)

    def settle(self) -> None:
        """The branches are over."""
        for branch in self.branches:
            self.adopt(branch)
        self.branches.clear()

    def adopt(self, body: Scope) -> None:
        """The ids of a body are seen after it, too."""
        for name, known in body.added.items():
            self.add(name, known)


def first_scope(names: Names, event: Iterable[str] | None, ids: Iterable[str]) -> Scope:
    """The names that every step may use. `event`: what events have, None: anything."""
    roots: dict[str, Known] = dict.fromkeys(ALWAYS)
    roots["run"] = RUN_NAMES
    roots["flow"] = frozenset()  # a text
    roots["event"] = None if event is None else frozenset(event)
    roots["vars"] = None if names.vars is None else frozenset(names.vars)
    roots["secret"] = None if names.secrets is None else frozenset(names.secrets)
    return Scope(roots, frozenset(ids))


def check_reference(reference: Reference, scope: Scope, text: str = "") -> tuple[str, str | None] | None:
    """What is wrong with a path at this place, and what to do; None if nothing can be said against it."""
    root = str(reference.keys[0])
    if root not in scope.roots:
        if reference.guarded and root in scope.all_ids:
            return None
        return _unknown_root(root, scope, _joined_by_hyphen(reference, text))
    known = scope.roots[root]
    if known is None or reference.guarded or len(reference.keys) == 1:
        return None
    name = str(reference.keys[1])
    if name in known:
        return None
    what = {"vars": "variable", "secret": "secret"}.get(root)
    problem = f"there is no {what} {name!r}" if what else f"{root!r} has no {name!r}"
    return problem, suggestion(name, known)


def _unknown_root(root: str, scope: Scope, hyphenated: str | None) -> tuple[str, str | None]:
    if hyphenated:
        return f"there is no {root!r} here", f"a name with a hyphen is written {hyphenated}"
    if root in scope.all_ids:
        hint = "its result is seen by the steps after it; inside `each`, by the steps there alone"
        return f"the result of step {root!r} is not seen here", hint
    if root in _ONLY_IN:
        return f"there is no {root!r} here", _ONLY_IN[root]
    return f"there is no {root!r} here", suggestion(root, scope.roots)


def _joined_by_hyphen(reference: Reference, text: str) -> str | None:
    """`headers['content-type']` if `headers.content-type` was written, which is a subtraction."""
    before = text[: reference.offset]
    if not before.endswith("-") or before[:-1].rstrip() != before[:-1]:
        return None
    word = before[:-1].rpartition(".")[2]
    return f"['{word}-{reference.keys[0]}']" if word.isidentifier() else None


def ids_in(steps: Any, *, inside_each: bool = True) -> list[str]:
    """The ids of all steps in a list of steps as it is written, those of inner lists too."""
    found: list[str] = []
    if isinstance(steps, list):
        for step in steps:
            found.extend(_ids_of(step, inside_each=inside_each))
    return found


def _ids_of(step: Any, *, inside_each: bool) -> Iterable[str]:
    if not isinstance(step, dict):
        return
    if isinstance(step.get("id"), str):
        yield step["id"]
    if "each" in step and not inside_each:
        return
    for key in ("then", "else", "steps", "parallel", "try", "finally", "catch", "cases"):
        inner = step.get(key)
        if isinstance(inner, dict):  # catch: {steps: […]}
            inner = inner.get("steps")
        yield from ids_in(inner, inside_each=inside_each)
