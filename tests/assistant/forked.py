"""A hook's script in a process of its own for each event, without the time that an interpreter takes to start.

One process compiles the script, with the modules and patterns that it needs, and forks for each event. The child is what
the script would be: its standard streams are pipes, it runs as `__main__`, and it ends as the script ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from tests.assistant.installed import Answer

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_SERVER = """
import json, os, sys
script, home = sys.argv[1:]
code = compile(open(script, "rb").read(), script, "exec")
exec(code, {"__name__": "guard", "__file__": script})
sys.argv = [script]
requests = os.fdopen(os.dup(0), "rb")
answers = os.fdopen(os.dup(1), "w")
environment = {"PATH": os.environ["PATH"], "HOME": home}
for line in requests:
    event = json.loads(line)
    pipes = [os.pipe() for _ in range(3)]
    child = os.fork()
    if child == 0:
        for number, (reads, writes) in enumerate(pipes):
            os.dup2(reads if number == 0 else writes, number)
        for pipe in pipes:
            os.close(pipe[0]), os.close(pipe[1])
        os.chdir(event["cwd"])
        os.environ.clear()
        os.environ.update(environment, CLAUDE_PROJECT_DIR=event.pop("project"))
        exec(code, {"__name__": "__main__", "__file__": script})
        sys.exit(0)
    for number, (reads, writes) in enumerate(pipes):
        os.close(reads if number == 0 else writes)
    event.pop("project")
    with os.fdopen(pipes[0][1], "wb") as given:
        given.write(json.dumps(event).encode())
    out, err = (os.fdopen(pipes[number][0], errors="replace").read() for number in (1, 2))
    ended = os.waitpid(child, 0)[1]
    print(json.dumps([os.waitstatus_to_exitcode(ended), out, err]), file=answers, flush=True)
"""


class ForkedHook:
    """`with` it, one script can be asked about any number of events of the project `root`."""

    def __init__(self, script: Path, root: Path, home: Path) -> None:
        self._words = [sys.executable, "-I", "-S", "-B", "-c", _SERVER, str(script), str(home)]
        self._root = root

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)

    def start(self, event: dict[str, Any]) -> Answer:
        """Runs the script on an event."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({**event, "project": str(self._root)}), file=self._process.stdin, flush=True)
        code, out, err = json.loads(self._process.stdout.readline())
        return Answer(code, out, err)
