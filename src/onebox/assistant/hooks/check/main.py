"""The hook: an event on standard input, an exit code for an answer.

It advises. Its own failure says "not checked" and lets the work go on: what must never happen is the other hook's."""

from __future__ import annotations

import json
import os
import sys

from onebox.assistant.hooks.check.checkout import root_for
from onebox.assistant.hooks.check.edited import check_edit, is_checked
from onebox.assistant.hooks.check.report import HELD, Answer, not_checked, shown
from onebox.assistant.hooks.check.stopped import check_stop

TOOLS = ("Edit", "Write", "MultiEdit", "NotebookEdit")


def main() -> int:
    try:
        answer = answer_to(json.loads(sys.stdin.buffer.read()), dict(os.environ))
    except Exception as failure:  # noqa: BLE001 # whatever it is, it must not stop the work
        answer = not_checked(f"the check itself failed: {type(failure).__name__}: {failure}")
    if answer.told:
        text = shown(answer.told)
        if answer.code != HELD:
            # Beside an exit code of 0 nobody reads standard error; this is shown to the person.
            print(json.dumps({"systemMessage": text}))  # noqa: T201
        sys.stderr.write(text + "\n")
    return answer.code


def answer_to(event: object, environment: dict[str, str]) -> Answer:
    """What the event asks for. An event that is none of this hook's is let pass."""
    if not isinstance(event, dict):
        return not_checked("the event is not a JSON object")
    folder = os.path.realpath(str(event.get("cwd") or os.getcwd()))
    project = os.path.realpath(environment.get("CLAUDE_PROJECT_DIR") or folder)
    if event.get("hook_event_name") == "Stop":
        root = root_for(folder, project=project, folder=folder) or project
        return check_stop(root, again=event.get("stop_hook_active") is True)
    asked = event.get("tool_input")
    if (
        event.get("hook_event_name") != "PostToolUse"
        or event.get("tool_name") not in TOOLS
        or not isinstance(asked, dict)
    ):
        return Answer()
    path = asked.get("file_path") or asked.get("notebook_path")
    if not isinstance(path, str) or not is_checked(path):
        return Answer()
    path = os.path.realpath(os.path.join(folder, path))
    root = root_for(path, project=project, folder=folder)
    return check_edit(path, root, _text_before(event)) if root else Answer()


def _text_before(event: dict[str, object]) -> str | None:
    """Of a file of which a part was replaced. Claude Code tells it; None where it does not."""
    response = event.get("tool_response")
    before = response.get("originalFile") if isinstance(response, dict) and event.get("tool_name") != "Write" else None
    return before if isinstance(before, str) else None


if __name__ == "__main__":
    sys.exit(main())
