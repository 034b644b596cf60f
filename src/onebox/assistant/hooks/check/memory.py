"""What is remembered between calls: which files a check last saw, what it found, and that one is running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time

from onebox.assistant.hooks.check.checkout import digest, own_state


class Memory:
    """The state of one checkout, in a folder outside of its tree."""

    def __init__(self, root: str) -> None:
        self.folder = own_state(root)
        self._root = root
        self._held: int | None = None

    def prepare(self) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        if not os.path.exists(self.place("root")):
            with open(self.place("root"), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(self._root)

    def forget_gone(self) -> None:
        """Throws away the state of checkouts that are there no more: worktrees come and go."""
        import shutil

        shared = os.path.dirname(self.folder)
        for name in os.listdir(shared):
            root = _text_of(os.path.join(shared, name, "root"))
            if name.startswith("check-") and root and not os.path.isdir(root):
                shutil.rmtree(os.path.join(shared, name), ignore_errors=True)

    def place(self, *names: str) -> str:
        """A path in the state's folder, for a cache of a tool."""
        return os.path.join(self.folder, *names)

    # What a check last saw: {key: {"seen": fingerprint, "left": [[identity, text], …]}}

    def seen(self) -> dict[str, dict[str, object]]:
        kept = self._load().get("checks")
        return {key: one for key, one in kept.items() if isinstance(one, dict)} if isinstance(kept, dict) else {}

    def left(self, key: str) -> list[tuple[str, str]]:
        """What this check found when it last ran: identity and text of each fault."""
        left = self.seen().get(key, {}).get("left")
        return [(str(one[0]), str(one[1])) for one in left] if isinstance(left, list) else []

    def looked_at(self) -> float:
        """When the whole project was last looked at, by the clock of the files; 0 where it never was."""
        with contextlib.suppress(OSError):
            return os.stat(self.place("looked")).st_mtime
        return 0.0

    def look(self) -> None:
        with open(self.place("looked"), "w", encoding="utf-8"):
            pass

    def holds(self) -> int:
        """How often the assistant has been held since it was last asked something."""
        count = self._load().get("holds")
        return count if isinstance(count, int) else 0

    def note(self, key: str, check: dict[str, object]) -> None:
        """Remembers one check beside the others."""
        self.remember({**self.seen(), key: check}, self.holds())

    def remember(self, checks: dict[str, dict[str, object]], holds: int) -> None:
        """Remembers these checks and no others, all at once or not at all."""
        beside = self.place(f"seen.{os.getpid()}")
        with open(beside, "w", encoding="utf-8") as file:
            json.dump({"checks": checks, "holds": holds}, file)
        os.replace(beside, self.place("seen.json"))

    def _load(self) -> dict[str, object]:
        try:
            with open(self.place("seen.json"), encoding="utf-8") as file:
                whole = json.load(file)
        except (OSError, ValueError):
            return {}
        return whole if isinstance(whole, dict) else {}

    # Edited files that a tool has found faults in: {path: what it said before the change}. Each has a file of its own, as
    # edits that come at once must not overwrite what the others wrote down.

    def put_off(self, path: str, before: list[str]) -> None:
        """This file is looked at again at the end. What it was like at first stays."""
        place = self._of_file(path)
        if not os.path.exists(place):
            self.prepare()
            os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                json.dump([path, before], file)

    def take_up(self, path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._of_file(path))

    def later(self) -> dict[str, list[str]]:
        found = {}
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(self.place("later"))):
                with contextlib.suppress(ValueError):
                    path, before = json.loads(_text_of(self.place("later", name)))
                    if os.path.isfile(path):
                        found[path] = before
                    else:
                        self.take_up(path)
        return found

    def _of_file(self, path: str) -> str:
        return self.place("later", digest(path)[:16])

    def lock(self, seconds: float = 0.0) -> bool:
        """Whether this call may run what looks at the whole project. A dead holder's lock is free: the system lets go."""
        held = os.open(self.place("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + seconds
        while not _locked(held):
            if time.monotonic() >= deadline:
                os.close(held)
                return False
            time.sleep(0.1)
        self._held = held
        return True

    def unlock(self) -> None:
        if self._held is not None:
            with contextlib.suppress(OSError):
                os.close(self._held)
            self._held = None


def _text_of(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as text:
            return text.read()
    except OSError:
        return ""


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
