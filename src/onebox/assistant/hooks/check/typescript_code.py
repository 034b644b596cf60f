"""TypeScript: a file's types hang on all the others, so the whole program is read, with what is known kept outside."""

from __future__ import annotations

import os
import re
import time

from onebox.assistant.hooks.check.checkout import digest
from onebox.assistant.hooks.check.faults import Fault, Outcome, faults_in, first_line, late_outcome
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.processes import run_tool
from onebox.assistant.hooks.check.programs import NODE_HOMES, program, read_text
from onebox.assistant.hooks.check.survey import Kind

# What tsc says of projects that must be built before others can be read: no fault of the code.
UNBUILT = re.compile(r"error TS(?:6305|6306|6310):")
NO_INPUTS = "error TS18003:"


class TypescriptKind(Kind):
    """Begins where a tsconfig.json is."""

    def begins_in(self, folder: str, names: set[str]) -> bool:
        return "tsconfig.json" in names


TYPESCRIPT = TypescriptKind(
    "tsc", (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"), ("package.json", "tsconfig.json")
)


def check_typescript(folder: str, root: str, memory: Memory, seconds: float) -> Outcome:
    """The program of `folder`'s tsconfig.json, by the project's own tsc. Without one it is quiet."""
    tsc = program("tsc", near=folder, root=root, homes=NODE_HOMES)
    if not tsc:
        return Outcome()
    whole = Outcome()
    deadline = time.monotonic() + seconds
    for config in _configs(folder):
        outcome = _tsc(tsc, config, folder, memory, seconds, deadline)
        whole.faults.extend(outcome.faults)
        whole.late = whole.late or outcome.late
        whole.unchecked = whole.unchecked or outcome.unchecked
    return whole


def _configs(folder: str) -> list[str]:
    """A config without files of its own, as some templates have it, stands for those that it refers to."""
    own = os.path.join(folder, "tsconfig.json")
    text = re.sub(r"^\s*//[^\n]*|/\*.*?\*/", "", read_text(own), flags=re.MULTILINE | re.DOTALL)
    if not re.search(r'"files"\s*:\s*\[\s*\]', text):
        return [own]
    named = re.findall(r'"path"\s*:\s*"([^"]+)"', text)
    paths = [os.path.normpath(os.path.join(folder, path)) for path in named]
    found = [os.path.join(path, "tsconfig.json") if os.path.isdir(path) else path for path in paths]
    return [path for path in found if os.path.isfile(path)] or [own]


def _tsc(tsc: str, config: str, folder: str, memory: Memory, seconds: float, deadline: float) -> Outcome:
    known = memory.place(f"tsc-{digest(config)[:16]}.tsbuildinfo")
    command = [tsc, "-p", config, "--noEmit", "--incremental", "--tsBuildInfoFile", known, "--pretty", "false"]
    ran = run_tool(command, folder=folder, seconds=max(deadline - time.monotonic(), 0.1))
    if ran.code is None:
        return late_outcome("tsc", seconds)
    if ran.code == 0 or NO_INPUTS in ran.text:
        return Outcome()
    if UNBUILT.search(ran.text):
        return Outcome(unchecked="tsc: the projects that this one refers to are not built (`tsc -b`)")
    found = faults_in(ran.text, folder)
    # `error TS5023: Unknown compiler option …` names no file.
    found = found or [Fault(config, 0, 0, line) for line in ran.text.splitlines() if line.startswith("error TS")]
    return Outcome(found) if found else Outcome(unchecked=f"tsc ended with {ran.code}: {first_line(ran.text)}")
