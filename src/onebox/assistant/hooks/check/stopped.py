"""When the assistant wants to end: what can only be said of the whole project."""

from __future__ import annotations

import os
import time

from onebox.assistant.hooks.check.box_flows import BOX, check_box
from onebox.assistant.hooks.check.checkout import is_inside, shared_state
from onebox.assistant.hooks.check.faults import Fault, Outcome
from onebox.assistant.hooks.check.go_code import GO, check_go
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.php_code import PHPSTAN, check_phpstan
from onebox.assistant.hooks.check.python_code import MYPY, check_mypy, check_put_off_python
from onebox.assistant.hooks.check.report import Answer, answer_for_stop, not_checked, reminder
from onebox.assistant.hooks.check.rules_kept import RULE_SECONDS, check_rule, checked_rules, write_catches
from onebox.assistant.hooks.check.survey import stamp_of, survey
from onebox.assistant.hooks.check.typescript_code import TYPESCRIPT, check_typescript

KINDS = (MYPY, GO, TYPESCRIPT, PHPSTAN, BOX)
LATER = "later"
# All checks together; the settings give this hook 300.
STOP_SECONDS = 270.0
TOOL_SECONDS = 120.0
LOCK_SECONDS = 60.0
# New faults hold the assistant again, but a check that words its findings anew each time must not do so for ever.
MOST_HOLDS = 3


class Due:
    """A check of the project as it is now. `seen` is the fingerprint of what it reads."""

    __slots__ = ("folder", "key", "kind", "rule", "seen")

    def __init__(
        self, key: str, seen: str, kind: str = "", folder: str = "", rule: dict[str, str] | None = None
    ) -> None:
        self.key = key
        self.seen = seen
        self.kind = kind
        self.folder = folder
        self.rule = rule


def check_stop(root: str, *, again: bool) -> Answer:
    """`again`: the assistant was held by this hook already, and has gone on since."""
    if is_inside(os.path.expanduser("~"), root):
        return Answer()  # the home folder, or one above it, is no project
    memory = Memory(root)
    checks = _checks(root, memory)
    if not _changed(checks, memory):
        return _unchanged(checks, memory) if again else Answer()
    memory.prepare()
    if not memory.lock(LOCK_SECONDS):
        return not_checked(f"another check of this project has been running for {LOCK_SECONDS:.0f} s")
    try:
        # Looked at again: the one that held the lock may have done the work.
        checks = _checks(root, memory)
        return _run_due(checks, _changed(checks, memory), root, memory, again=again)
    finally:
        memory.unlock()


def _checks(root: str, memory: Memory) -> list[Due]:
    found = survey(root, KINDS)
    checks = [Due(f"{LATER} {path}", stamp_of(path), LATER, path) for path in memory.later()]
    checks += [Due(f"{kind} {folder}", seen, kind, folder) for (kind, folder), seen in found.places.items()]
    checks += [
        Due(f"rule {rule['id']}", f"{found.everything} {rule['check']}", rule=rule) for rule in checked_rules(root)
    ]
    return checks


def _changed(checks: list[Due], memory: Memory) -> list[Due]:
    """Those whose files are not as they were when the check last ran, whatever it found then."""
    before = memory.seen()
    return [check for check in checks if before.get(check.key, {}).get("seen") != check.seen]


def _unchanged(checks: list[Due], memory: Memory) -> Answer:
    return reminder([text for check in checks for _, text in memory.left(check.key)], [])


def _run_due(checks: list[Due], due: list[Due], root: str, memory: Memory, *, again: bool) -> Answer:
    before, since = memory.seen(), memory.looked_at()
    memory.look()
    known = {identity for check in checks for identity, _ in memory.left(check.key)}
    deadline = time.monotonic() + STOP_SECONDS
    outcomes = [(check, _outcome(check, root, memory, deadline)) for check in due]
    _write_down([(check, outcome) for check, outcome in outcomes if not memory.left(check.key)], root)
    after = {check.key: before[check.key] for check in checks if check.key in before}
    for check, outcome in outcomes:
        left = [[fault.known_as, fault.text(root)] for fault in outcome.faults]
        after[check.key] = {"seen": check.seen, "left": left}
    faults = [fault for _, outcome in outcomes for fault in outcome.faults]
    unchecked = [outcome.unchecked for _, outcome in outcomes if outcome.unchecked]
    new = [fault for fault in faults if fault.known_as not in known]
    old = [fault for fault in faults if fault.known_as in known and _is_touched(fault, since)]
    holds = memory.holds() if again else 0
    first = not any(check.key in before for check, outcome in outcomes if outcome.faults)
    held = bool(new or old) and (not again or (bool(new) and holds < MOST_HOLDS))
    memory.remember(after, holds + 1 if held else 0)
    memory.forget_gone()
    if not held:
        return reminder([fault.text(root) for fault in faults] if again else [], unchecked)
    return answer_for_stop(root, new, old, unchecked, first=first, more=len(faults) - len(new) - len(old))


def _is_touched(fault: Fault, since: float) -> bool:
    """Whether its file changed since the last look. A project may have hundreds of old faults in others."""
    try:
        return not fault.file or os.stat(fault.file).st_mtime >= since
    except OSError:
        return False


def _outcome(check: Due, root: str, memory: Memory, deadline: float) -> Outcome:
    left = deadline - time.monotonic()
    if left < 1:
        return Outcome(unchecked=f"{check.key}: no time was left for it")
    seconds = min(left, TOOL_SECONDS)
    if check.rule is not None:
        return check_rule(check.rule, root, memory, min(left, RULE_SECONDS))
    if check.kind == LATER:
        return check_put_off_python(check.folder, root, memory, seconds, memory.later().get(check.folder, []))
    if check.kind == MYPY.name:
        return check_mypy(check.folder, root, memory, seconds)
    if check.kind == GO.name:
        return check_go(check.folder, root, seconds)
    if check.kind == TYPESCRIPT.name:
        return check_typescript(check.folder, root, memory, seconds)
    if check.kind == PHPSTAN.name:
        return check_phpstan(check.folder, root, memory, seconds)
    return check_box(check.folder, root, seconds)


def _write_down(outcomes: list[tuple[Due, Outcome]], root: str) -> None:
    """A rule that stays broken was caught once."""
    catches = [catch for _, outcome in outcomes for catch in outcome.caught]
    if catches:
        write_catches(os.path.join(shared_state(root), "caught.jsonl"), catches, time.time())
