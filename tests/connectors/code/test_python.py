"""Real child processes: what they compute, and how they are stopped."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from tests.connectors.calls import call

from onebox.connectors.code.connector import PythonConnector
from onebox.flows.handlers import StepFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOTALS = """
import os, sys, time
from datetime import date, datetime, timezone
from decimal import Decimal

count = 0

def double(amount): return amount * 2
def same(**given): return given
def nothing(): pass
def pid(): return os.getpid()
def counted():
    global count
    count += 1
    return count
def kept(): return {1: (1, 2), "day": date(2026, 3, 1), "sum": Decimal("1.50"), "set": {3}}
def printing():
    print("hello"); print("to err", file=sys.stderr); os.system("echo from a shell")
    return 1
def reading(): return sys.stdin.read()
def surroundings(): return {"env": sorted(os.environ), "cwd": os.getcwd(), "nice": os.nice(0), "box": "onebox" in sys.modules}
def failing(amount):
    print("about to fail")
    return inner(amount)
def inner(amount): raise ValueError(f"no such amount: {amount}")
def endless():
    print("going round", flush=True)
    while True: pass
def stubborn():
    try:
        while True: time.sleep(1)
    finally:
        while True: pass
def greedy(): return len(bytearray(10**9))
def modest(): return len(bytearray(50_000_000))
def large(): return "x" * 2_000_000
def forging():
    for number in range(3, 20):
        try: os.write(number, b'{"ok": "forged"}\\n{"ok": "forged again"}\\n')
        except OSError: pass
    return "true"
def crashing():
    import ctypes
    ctypes.string_at(0)
def leaving(): os._exit(3)
def exiting(): sys.exit("enough")
def strange(): return object()
def broken_number(): return float("nan")
def deep():
    value = []
    for _ in range(500): value = [value]
    return value
def surrogate(): return "\\ud800"
def flooding():
    while True: print("x" * 1000)
def with_child():
    import subprocess
    child = subprocess.Popen(["sleep", "600"])
    print(child.pid, flush=True)
    return child.pid
def endless_with_child():
    import subprocess, pathlib
    pathlib.Path("child.txt").write_text(str(subprocess.Popen(["sleep", "600"]).pid))
    while True: time.sleep(1)
def with_thread():
    import threading
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return os.getpid()
def files():
    opened = []
    while True: opened.append(open("/dev/null"))
async def later(): return "later"
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "totals.py").write_text(TOTALS)
    return folder


@pytest.fixture
async def python(code: Path) -> AsyncIterator[PythonConnector]:
    connector = PythonConnector(folder=code, warm=1, most=2)
    yield connector
    await connector.close()
    assert [child for child in psutil.Process().children() if "worker.py" in " ".join(child.cmdline())] == []


async def run(python: PythonConnector, function: str, flow: str = "orders", **arguments: Any) -> Any:
    return await python(call("python", function=function, flow=flow, **arguments))


async def failure(python: PythonConnector, function: str, **arguments: Any) -> StepFailed:
    with pytest.raises(StepFailed) as failed:
        await run(python, function, **arguments)
    assert not failed.value.passing
    return failed.value


async def test_a_function_gives_its_result(python: PythonConnector) -> None:
    assert await run(python, "totals.double", args={"amount": 21}) == 42
    assert await run(python, "totals:double", args={"amount": "a"}) == "aa"
    assert await run(python, "totals.nothing") is None
    assert await run(python, "totals.later") == "later"


async def test_values_come_back_equal(python: PythonConnector) -> None:
    instant = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    given = {
        "bytes": b"\x00\xff",
        "at": instant,
        "$bytes": "mine",
        "n": {"$instant": [1, None, 2.5, "ä\u2028", 10**30]},
    }
    assert await run(python, "totals.same", args=given) == given


async def test_what_json_lacks_becomes_what_a_replay_sees(python: PythonConnector) -> None:
    assert await run(python, "totals.kept") == {"1": [1, 2], "day": "2026-03-01", "sum": "1.50", "set": [3]}


async def test_a_process_is_used_again(python: PythonConnector) -> None:
    assert await run(python, "totals.pid") == await run(python, "totals.pid")


async def test_printing_does_not_disturb(python: PythonConnector) -> None:
    assert await run(python, "totals.printing") == 1
    assert await run(python, "totals.double", args={"amount": 1}) == 2
    assert await run(python, "totals.reading") == ""


async def test_a_function_sees_nothing_of_the_box(python: PythonConnector, code: Path) -> None:
    seen = await run(python, "totals.surroundings")
    assert set(seen["env"]) <= {"LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "PATH", "TZ"}
    assert (seen["cwd"], seen["box"]) == (str(code), False)
    assert seen["nice"] >= os.nice(0) + 10 or seen["nice"] == 19


async def test_an_exception_says_where(python: PythonConnector) -> None:
    failed = await failure(python, "totals.failing", args={"amount": 7})
    line = 1 + TOTALS.splitlines().index('def inner(amount): raise ValueError(f"no such amount: {amount}")')
    assert failed.step_code == "python_error"
    assert failed.message == (
        "python: totals.failing raised ValueError: no such amount: 7"
        f" at code/totals.py:{line - 1} in failing > code/totals.py:{line} in inner; it printed: about to fail"
    )


async def test_a_wrong_argument_is_pythons_to_name(python: PythonConnector) -> None:
    failed = await failure(python, "totals.double", args={"amuont": 7})
    assert "double() got an unexpected keyword argument 'amuont'" in failed.message


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nowhere.total", "python: nowhere.total: there is no module 'nowhere' in code/"),
        ("totals.total", "python: totals.total: 'totals' has no function 'total'"),
        ("totals.count", "python: totals.count: 'totals' has no function 'count'"),
        ("os.system", "python: os.system: 'os' is no module of code/"),
    ],
)
async def test_a_function_that_is_not_there_is_named(python: PythonConnector, function: str, message: str) -> None:
    failed = await failure(python, function)
    assert (failed.step_code, failed.message) == ("no_function", message)


@pytest.mark.parametrize("function", ["total", "totals.", ".total", "../x.total", "totals.to tal", ""])
async def test_a_name_that_is_none_is_refused(python: PythonConnector, function: str) -> None:
    assert (await failure(python, function)).step_code == "bad_argument"


async def test_a_file_that_does_not_parse_is_named(python: PythonConnector, code: Path) -> None:
    (code / "torn.py").write_text("def total(:\n")
    failed = await failure(python, "torn.total")
    assert "raised SyntaxError" in failed.message
    assert "code/torn.py:1" in failed.message


async def test_a_box_without_the_folder_says_so(tmp_path: Path) -> None:
    failed = await failure(PythonConnector(folder=tmp_path / "code"), "totals.double")
    assert failed.message == "python: totals.double: this box has no folder code/"


async def test_an_endless_function_is_killed(python: PythonConnector) -> None:
    failed = await failure(python, "totals.endless", time="200ms")
    assert failed.step_code == "time_limit"
    assert failed.message == "python: totals.endless ran longer than 0.2 s and was stopped; it printed: going round"


async def test_a_stubborn_function_is_killed_too(python: PythonConnector) -> None:
    assert (await failure(python, "totals.stubborn", time="100ms")).step_code == "time_limit"
    assert await run(python, "totals.double", args={"amount": 1}) == 2


async def test_what_a_killed_function_started_is_killed_with_it(python: PythonConnector, code: Path) -> None:
    await failure(python, "totals.endless_with_child", time="500ms")
    child = int((code / "child.txt").read_text())
    await gone(child)


async def test_what_a_function_left_behind_is_killed(python: PythonConnector) -> None:
    await gone(await run(python, "totals.with_child"))
    await gone(await run(python, "totals.with_thread"))


async def test_too_much_memory_is_told(python: PythonConnector) -> None:
    failed = await failure(python, "totals.greedy", memory="100MB")
    assert failed.step_code == "memory_limit"
    assert failed.message == "python: totals.greedy needed more memory than 100MB; raise `memory` if that is meant"
    assert await run(python, "totals.modest", memory="100MB") == 50_000_000


async def test_too_many_open_files_is_an_error_of_the_function(python: PythonConnector) -> None:
    assert "Too many open files" in (await failure(python, "totals.files")).message


@pytest.mark.parametrize(
    ("function", "code_", "message"),
    [
        ("crashing", "crashed", "crashed its process (SIGSEGV)"),
        ("leaving", "crashed", "ended its process with status 3"),
        ("exiting", "python_error", "raised SystemExit: enough"),
        ("strange", "bad_result", "returned what cannot be kept: a object cannot be kept"),
        ("broken_number", "bad_result", "nan cannot be kept: JSON has no such number"),
        ("deep", "bad_result", "nested more than 100 deep"),
        ("forging", "bad_result", "returned what"),
        ("surrogate", "bad_result", "returned what"),
        ("large", "result_too_large", "returned 2000010 characters of JSON; 1 MB is the most"),
    ],
)
async def test_every_bad_end_has_its_code(python: PythonConnector, function: str, code_: str, message: str) -> None:
    failed = await failure(python, f"totals.{function}")
    assert failed.step_code == code_
    assert message in failed.message
    assert await run(python, "totals.double", args={"amount": 1}) == 2


async def test_a_flood_of_output_does_not_keep_the_loop(python: PythonConnector) -> None:
    slowest = 0.0

    async def watch() -> None:
        nonlocal slowest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            slowest = max(slowest, time.perf_counter() - before)
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    failed = await failure(python, "totals.flooding", time="300ms")
    watching.cancel()
    assert failed.step_code == "time_limit"
    assert len(failed.message) < 2300
    assert slowest < 0.2


async def test_a_changed_file_is_used_by_the_next_call(python: PythonConnector, code: Path) -> None:
    (code / "price.py").write_text("def get(): return 1\n")
    assert await run(python, "price.get") == 1
    (code / "price.py").write_text("def get(): return 22\n")
    assert await run(python, "price.get") == 22
    (code / "price.py").unlink()
    assert (await failure(python, "price.get")).step_code == "no_function"


async def test_a_changed_file_that_was_only_imported_counts_too(python: PythonConnector, code: Path) -> None:
    (code / "parts").mkdir()
    (code / "parts" / "__init__.py").write_text("")
    (code / "parts" / "rate.py").write_text("RATE = 1\n")
    (code / "price.py").write_text("from parts.rate import RATE\ndef get(): return RATE\n")
    assert await run(python, "price.get") == 1
    (code / "parts" / "rate.py").write_text("RATE = 22\n")
    assert await run(python, "price.get") == 22


async def test_an_endless_function_leaves_a_process_to_other_flows(python: PythonConnector) -> None:
    endless = [asyncio.create_task(run(python, "totals.endless", flow="greedy", time="30s")) for _ in range(4)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await run(python, "totals.double", flow="modest", args={"amount": 1}) == 2
    for task in endless:
        task.cancel()
    await asyncio.gather(*endless, return_exceptions=True)


async def test_a_cancelled_call_kills_its_process(python: PythonConnector) -> None:
    pid = await run(python, "totals.pid")
    under_way = asyncio.create_task(run(python, "totals.endless"))
    await asyncio.sleep(0.05)
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    await gone(pid)


async def test_many_calls_at_once_all_get_their_turn(python: PythonConnector) -> None:
    calls = [run(python, "totals.double", flow=f"f{number % 3}", args={"amount": number}) for number in range(30)]
    assert await asyncio.gather(*calls) == [number * 2 for number in range(30)]


async def test_closing_ends_what_runs(code: Path) -> None:
    connector = PythonConnector(folder=code, most=1)
    under_way = [asyncio.create_task(run(connector, "totals.endless")) for _ in range(3)]
    await asyncio.sleep(0.1)
    await connector.close()
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    assert all(isinstance(end, (StepFailed, asyncio.CancelledError)) for end in ended)


async def test_processes_end_with_the_box(code: Path) -> None:
    """The box is killed: nobody closes anything, the socket just ends."""
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from onebox.connectors.code.process import WorkerProcess\n"
        "async def main():\n"
        "    worker = await WorkerProcess.start(Path(sys.argv[1]))\n"
        '    asyncio.create_task(worker.ask(\'{"module":"totals","name":"endless","args":{},"seconds":60,'
        '"memory":100000000}\'))\n'
        "    await asyncio.sleep(0.3)\n"
        "    print(worker._process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    box = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        str(code),
        stdout=asyncio.subprocess.PIPE,
    )
    assert box.stdout is not None
    worker = int(await box.stdout.readline())
    assert psutil.pid_exists(worker)
    box.kill()
    await box.wait()
    await gone(worker)


async def gone(pid: int) -> None:
    """Waits until there is no such process, or only its remains."""
    async with asyncio.timeout(5):
        while psutil.pid_exists(pid):
            try:
                if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.NoSuchProcess:
                return
            await asyncio.sleep(0.01)
