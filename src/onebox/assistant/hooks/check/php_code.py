"""PHP and WordPress: `php -l` of the edited file, phpstan for the project where it is configured."""

from __future__ import annotations

import json
import os
import re

from onebox.assistant.hooks.check.checkout import digest
from onebox.assistant.hooks.check.faults import Fault, Outcome, faults_in, first_line, late_outcome
from onebox.assistant.hooks.check.memory import Memory
from onebox.assistant.hooks.check.processes import run_tool
from onebox.assistant.hooks.check.programs import PHP_HOMES, program
from onebox.assistant.hooks.check.survey import Kind

PHPSTAN_CONFIGS = ("phpstan.neon", "phpstan.neon.dist", "phpstan.dist.neon")
# `PHP Parse error:  syntax error, unexpected token "{" in /srv/a.php on line 2`
PHP_FAULT = re.compile(r"^(?:PHP )?((?:Parse|Fatal) error): +(.*) in .+ on line (\d+)$", re.MULTILINE)


class PhpstanKind(Kind):
    """Begins where phpstan is configured."""

    def begins_in(self, folder: str, names: set[str]) -> bool:
        return not names.isdisjoint(PHPSTAN_CONFIGS)


PHPSTAN = PhpstanKind("phpstan", (".php", ".neon"), (*PHPSTAN_CONFIGS, "composer.json", "composer.lock"))


def check_php(path: str, root: str, seconds: float) -> Outcome:
    """Syntax alone. No php.ini is read: its extensions may speak, and are not needed for this."""
    php = program("php", near=path, root=root)
    if not php:
        return Outcome()
    command = [php, "-n", "-d", "display_errors=1", "-d", "log_errors=0", "-d", "html_errors=0", "-l", path]
    ran = run_tool(command, folder=os.path.dirname(path), seconds=seconds)
    if ran.code is None:
        return late_outcome("php -l", seconds)
    if ran.code == 0:
        return Outcome()
    found = PHP_FAULT.search(ran.text)
    if found:
        return Outcome([Fault(path, int(found.group(3)), 0, f"{found.group(1)}: {found.group(2)}")])
    return Outcome(unchecked=f"php -l ended with {ran.code}: {first_line(ran.text)}")


def check_phpstan(folder: str, root: str, memory: Memory, seconds: float) -> Outcome:
    """By a config of our own that takes in the project's and keeps phpstan's cache out of the tree."""
    phpstan = program("phpstan", near=folder, root=root, homes=PHP_HOMES)
    if not phpstan:
        return Outcome()
    own = next(name for name in PHPSTAN_CONFIGS if os.path.isfile(os.path.join(folder, name)))
    config = memory.place(f"phpstan-{digest(folder)[:16]}.neon")
    cache = memory.place(f"phpstan-{digest(folder)[:16]}")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"includes:\n    - {_quoted(os.path.join(folder, own))}\n")
        file.write(f"parameters:\n    tmpDir: {_quoted(cache)}\n")
        file.write(f"    resultCachePath: {_quoted(os.path.join(cache, 'resultCache.php'))}\n")
    command = [phpstan, "analyse", "--no-progress", "--no-interaction", "--error-format=raw", "-c", config]
    ran = run_tool(command, folder=folder, seconds=seconds)
    if ran.code is None:
        return late_outcome("phpstan", seconds)
    found = faults_in(ran.text, folder)
    if found or ran.code == 0:
        return Outcome(found if ran.code else [])
    return Outcome(unchecked=f"phpstan ended with {ran.code}: {first_line(ran.text)}")


def _quoted(path: str) -> str:
    """A path as NEON has it, where `%name%` would be a parameter."""
    return json.dumps(path).replace("%", "%%")
