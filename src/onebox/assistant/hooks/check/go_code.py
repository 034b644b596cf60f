"""Go: `go vet` of the edited package, and of the whole module."""

from __future__ import annotations

import os

from onebox.assistant.hooks.check.faults import Outcome, faults_in, first_line, late_outcome
from onebox.assistant.hooks.check.processes import run_tool
from onebox.assistant.hooks.check.programs import nearest, program
from onebox.assistant.hooks.check.survey import Kind


class GoKind(Kind):
    """Begins where a module does."""

    def begins_in(self, folder: str, names: set[str]) -> bool:
        return "go.mod" in names


GO = GoKind("go", (".go",), ("go.mod", "go.sum", "go.work"))


def check_go(folder: str, root: str, seconds: float, package: str = "") -> Outcome:
    """The module that begins in `folder`, or one package of it (a folder)."""
    go = program("go", near=folder, root=root)
    if not go:
        return Outcome()
    what = "./..."
    if package:
        below = os.path.relpath(package, folder)
        what = "." if below == "." else f"./{below}"
    ran = run_tool([go, "vet", *_reading_only(folder, root), what], folder=folder, seconds=seconds, more=_flags())
    if ran.code is None:
        return late_outcome("go vet", seconds)
    if ran.code == 0 or "build constraints exclude all Go files" in ran.text or "matched no packages" in ran.text:
        return Outcome()
    found = faults_in(ran.text, folder)
    if found:
        return Outcome(found)
    said = [line for line in ran.text.splitlines() if not line.startswith("#")]
    return Outcome(unchecked=f"go vet ended with {ran.code}: {first_line(chr(10).join(said))}")


def _reading_only(folder: str, root: str) -> list[str]:
    """On the command line it outweighs a `-mod=mod` that go has stored, under which go.mod and go.sum are rewritten."""
    if nearest(folder, root, ("go.work",)):
        return []
    vendored = os.path.isfile(os.path.join(folder, "vendor", "modules.txt"))
    return ["-mod=vendor" if vendored else "-mod=readonly"]


def _flags() -> dict[str, str]:
    flags = [flag for flag in os.environ.get("GOFLAGS", "").split() if not flag.lstrip("-").startswith("mod=")]
    return {"GOFLAGS": " ".join(flags)}
