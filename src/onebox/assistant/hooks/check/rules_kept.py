"""The rules of `.claude/rules.toml`: their checks are run, and what they catch is written down."""

from __future__ import annotations

import json
import os
import re
import time

from onebox.assistant.hooks.check.faults import Fault, Outcome, faults_in, first_line, late_outcome
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.processes import NOT_STARTED, run_tool
from onebox.assistant.hooks.check.programs import TOOL_HOMES, read_text

RULE_SECONDS = 60.0
# What `sh` ends with where the program is not there or cannot be run.
NOT_RUN = (126, NOT_STARTED)

_PAIR = re.compile(r'(\w+)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:#.*)?$')
_TELLING = re.compile(r"fail|error|broken|violat|not allowed|forbidden", re.IGNORECASE)


def checked_rules(root: str) -> list[dict[str, str]]:
    """The rules that have a check: `id`, `rule`, `check`, as the ledger has them, one `key = "text"` a line."""
    rules: list[dict[str, str]] = []
    entry: dict[str, str] = {}
    for line in read_text(os.path.join(root, ".claude", "rules.toml")).splitlines():
        if line.strip().startswith("["):
            entry = {}
        if line.strip() == "[[rule]]":
            rules.append(entry)
        pair = _PAIR.match(line.strip())
        if pair:
            entry[pair.group(1)] = _unquoted(pair.group(2))  # of a retired rule, too, which is in no list
    return [rule for rule in rules if rule.get("check") and rule.get("id")]


def _unquoted(text: str) -> str:
    """TOML's basic strings are JSON's, but for escapes that our ledger does not use."""
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]


def check_rule(rule: dict[str, str], root: str, memory: Memory, seconds: float) -> Outcome:
    """Runs the check as a person would, in the project's root with the project's tools in front."""
    check = rule["check"]
    ran = run_tool(["sh", "-c", check], folder=root, seconds=seconds, more=_surroundings(root, memory))
    if ran.code is None:
        return late_outcome(f"`{check}`", seconds)
    if ran.code == 0:
        return Outcome()
    if ran.code in NOT_RUN:
        return Outcome(unchecked=f"`{check}` cannot be run: {first_line(ran.text)}")
    said = telling_line(ran.text)
    words = f'the rule "{rule.get("rule", rule["id"])}" is broken; `{check}` says: {said}'
    broken = Fault("", 0, 0, words, known_as=f"rule {rule['id']}")
    # Any program may speak here: `localhost:8080: refused` names no file.
    outcome = Outcome([broken, *(fault for fault in faults_in(ran.text, root) if os.path.isfile(fault.file))])
    outcome.caught.append((rule["id"], said))
    return outcome


def _surroundings(root: str, memory: Memory) -> dict[str, str]:
    homes = [os.path.join(root, home) for home in TOOL_HOMES if os.path.isdir(os.path.join(root, home))]
    return {
        "PATH": os.pathsep.join([*homes, os.environ.get("PATH", os.defpath)]),
        "MYPY_CACHE_DIR": memory.place("mypy-of-rules"),
        "PYTEST_ADDOPTS": f"{os.environ.get('PYTEST_ADDOPTS', '')} -o cache_dir='{memory.place('pytest')}'".strip(),
    }


def telling_line(text: str) -> str:
    """The first line that tells of a failure: some tools begin with their name."""
    lines = [line for line in text.splitlines() if re.search(r"\w", line)]
    return first_line("\n".join([line for line in lines if _TELLING.search(line)][:1] or lines))


def write_catches(file: str, catches: list[tuple[str, str]], clock: float) -> None:
    """One line a catch. A line is written at once, so that two that write do not mix."""
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock))
    held = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for rule, said in catches:
            line = json.dumps({"rule": rule, "at": at, "by": "stop", "said": said}, ensure_ascii=False)
            os.write(held, (line + "\n").encode("utf-8", "replace"))
    finally:
        os.close(held)
