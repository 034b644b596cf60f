"""The child process that runs functions of the box's `code/` folder. It knows nothing of the box and imports none of it.

It is started in that folder with a socket as standard input. A call comes as one line of JSON and is answered by one
line. What functions print goes to standard error. When the socket is closed the process ends, with all it started.

Values that JSON lacks travel as `{"$bytes": base64}` and `{"$instant": iso}`, as `kernel.encoding` writes them.
"""

from __future__ import annotations

import _thread
import json
import math
import os
import queue
import resource
import signal
import sys
from importlib import import_module, invalidate_caches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

FOLDER = os.getcwd()  # noqa: PTH109 pathlib would cost a third of the start
LONGEST_ANSWER = 1_000_000
DEEPEST = 100
FRAMES = 5
OPEN_FILES = 256
NICE = 19
STACK = 512 * 1024
modules_seen: dict[str, int] = {}
"""the files that modules were loaded from, and when these were changed"""


class Unkeepable(Exception):
    """The function gave something that has no place in a result."""


def main() -> None:
    """Answers calls until the other side hangs up."""
    protocol = os.dup(0)  # functions must neither read the calls nor write into the answers
    os.set_inheritable(protocol, False)  # noqa: FBT003
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    sys.stdout = sys.stderr
    sys.path.insert(0, FOLDER)
    os.nice(NICE)  # a runaway function must not starve the box …
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # … nor wake before it
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    _thread.stack_size(STACK)
    _thread.start_new_thread(receive, (protocol, calls))
    _thread.stack_size(0)
    base = address_space()
    while True:
        call = json.loads(calls.get())
        answer = f'{perform(call, base)[:-1]},"call":"{call["call"]}"}}'
        if left_behind():
            answer = answer[:-1] + ',"spent":true}'
        unsent = memoryview(answer.encode() + b"\n")
        while unsent:
            unsent = unsent[os.write(protocol, unsent) :]


def receive(protocol: int, calls: queue.SimpleQueue[bytes]) -> None:
    """Takes calls in a thread of its own, so that the end of the box is noticed while a function runs."""
    with open(protocol, "rb", closefd=False) as lines:
        for line in lines:
            calls.put(line)
    os.killpg(0, signal.SIGKILL)


def perform(call: dict[str, Any], base: int) -> str:
    """Runs one function; the answer is JSON."""
    if changed():
        return '{"stale":true}'
    restrict(call["seconds"], base + call["memory"] if base else None)
    try:
        value = find(call["module"], call["name"])(**untag(call["args"]))
        if hasattr(value, "__await__"):
            value = finish(value)
        answer = json.dumps({"ok": tag(value)}, allow_nan=False)
    except Unkeepable as error:
        return failed("bad_result", str(error))
    except MemoryError:
        restrict(None, None)
        return failed("memory_limit", "")
    except BaseException as error:  # noqa: BLE001 whatever it is, it is the function's own
        restrict(None, None)
        return describe(error)
    finally:
        restrict(None, None)
        remember()
    if len(answer) > LONGEST_ANSWER:
        return failed("result_too_large", f"{len(answer)} characters")
    return answer


def left_behind() -> bool:
    """Whether the function left a thread or a process running: then this one is not used again."""
    if _thread._count() > 1:  # noqa: SLF001 threading would cost more than the whole module
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def failed(code: str, message: str, **more: Any) -> str:
    """An answer that says why there is no result."""
    return json.dumps({"error": {"code": code, "message": message, **more}})


def find(module: str, name: str) -> Any:
    """The function. Raises LookupError where there is none."""
    if module not in sys.modules:
        invalidate_caches()  # a file may have been added since the folder was read last
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise LookupError(f"there is no module {module!r} in code/") from None
        raise
    if not (getattr(found, "__file__", None) or "").startswith(FOLDER + os.sep):
        raise LookupError(f"{module!r} is no module of code/")
    function = getattr(found, name, None)
    if not callable(function):
        raise LookupError(f"{module!r} has no function {name!r}")  # noqa: TRY004 its name is what is wrong
    return function


def finish(awaitable: Any) -> Any:
    """The result of an async function."""
    import asyncio

    async def wait() -> Any:
        return await awaitable

    return asyncio.run(wait())


# --- limits ----------------------------------------------------------------------------------------------------------


def limit(which: int, most: int) -> None:
    """Lowers a limit for good, as far as the system lets us."""
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def restrict(seconds: float | None, memory: int | None) -> None:
    """Limits of one call: processor time (the box watches the clock), and address space. None: none."""
    _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    most = hardest if seconds is None else math.ceil(used + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, hardest))
    _, hardest = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hardest if memory is None else memory, hardest))


def address_space() -> int:
    """What an idle worker takes, in bytes; 0 where the system does not say (then memory is not limited)."""
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# --- files that change -----------------------------------------------------------------------------------------------


def remember() -> None:
    """Notes the files of modules that were loaded from the folder."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(FOLDER + os.sep) and file not in modules_seen:
            modules_seen[file] = changed_at(file)


def changed() -> bool:
    """Whether a file of a loaded module is not what it was."""
    return any(changed_at(file) != at for file, at in modules_seen.items())


def changed_at(file: str) -> int:
    """0 where there is no such file."""
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return 0
    return found.st_mtime_ns ^ found.st_size


# --- errors ----------------------------------------------------------------------------------------------------------


def describe(error: BaseException) -> str:
    """The answer for an exception: its type, its text, and where in code/ it was raised."""
    if isinstance(error, LookupError) and error.__traceback__ is not None and raised_here(error.__traceback__):
        return failed("no_function", str(error))
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 an exception whose text is itself broken
        text = "(no text)"
    frames = places(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(FOLDER):
        frames.append(f"{relative(error.filename)}:{error.lineno}")
        text = error.msg
    return failed("python_error", text[:500], type=type(error).__name__, trace=frames[-FRAMES:])


def raised_here(trace: TracebackType) -> bool:
    """Whether `find` itself raised it."""
    last = trace
    while last.tb_next is not None:
        last = last.tb_next
    return last.tb_frame.f_code is find.__code__


def places(trace: TracebackType | None) -> list[str]:
    """The lines in code/ that led to the error, the innermost last."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(FOLDER + os.sep):
            found.append(f"{relative(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    return found


def relative(file: str) -> str:
    """The file's name as the operator knows it."""
    return "code/" + file[len(FOLDER) + 1 :]


# --- values ----------------------------------------------------------------------------------------------------------


def untag(value: Any) -> Any:
    """A value as `kernel.encoding.dump` wrote it."""
    if isinstance(value, list):
        return [untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if "$bytes" in value:
            import binascii

            return binascii.a2b_base64(value["$bytes"])
        if "$instant" in value:
            from datetime import datetime

            return datetime.fromisoformat(value["$instant"])
    return {key.removeprefix("$"): untag(item) for key, item in value.items()}


def tag(value: Any, depth: int = 0) -> Any:
    """A value for `kernel.encoding.load`. Raises Unkeepable."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise Unkeepable(f"{value} cannot be kept: JSON has no such number")
    if depth > DEEPEST:
        raise Unkeepable(f"a value nested more than {DEEPEST} deep cannot be kept")
    if isinstance(value, dict):
        return {tagged_key(str(key)): tag(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [tag(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        import binascii

        return {"$bytes": binascii.b2a_base64(bytes(value), newline=False).decode()}
    return tag_object(value)


def tagged_key(key: str) -> str:
    """A person's own key that begins with `$` is kept apart by one more."""
    return "$" + key if key.startswith("$") else key


def tag_object(value: Any) -> Any:
    """Instants, dates, decimals and the like."""
    from datetime import date, datetime, time, timedelta
    from decimal import Decimal
    from uuid import UUID

    if isinstance(value, datetime) and value.tzinfo is not None:
        return {"$instant": value.isoformat()}
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise Unkeepable(f"a {type(value).__name__} cannot be kept: {value!r:.200}")


if __name__ == "__main__":
    main()
