"""Performs python steps."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import signal
from typing import TYPE_CHECKING, Any

from onebox.connectors.code.pool import Pool
from onebox.connectors.code.process import WorkerDied
from onebox.flows.handlers import StepFailed
from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.encoding import EncodingError, dump, load, normalise
from onebox.kernel.sizes import SizeError, parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onebox.flows.handlers import Call

_log = logging.getLogger(__name__)
DEFAULT_TIME = "10s"
DEFAULT_MEMORY = 256_000_000


class PythonConnector:
    """The handler of `python`: functions of `folder`, in up to `most` child processes.

    A module is loaded once a process and may keep state between calls; a changed file is used by the next call.
    """

    def __init__(self, *, folder: Path, warm: int = 2, most: int = 4) -> None:
        self._folder = folder
        self._pool = Pool(folder, warm=warm, most=most)

    async def __call__(self, call: Call) -> Any:
        """What the function returned. Raises StepFailed."""
        function = str(call.arguments.get("function"))
        number = secrets.token_hex(8)
        seconds, request = self._request(number, function, call.arguments)
        try:
            answer, printed = await self._ask(call.flow, function, number, request, seconds)
        except OSError as error:
            text = f"python: {function}: no process can be started for it: {error}"
            raise StepFailed("no_worker", text, passing=True) from None
        if "ok" in answer:
            if printed:
                _log.info("function printed", extra={"function": function, "run": call.run_id, "printed": printed})
            return answer["ok"]
        raise _failure(function, answer["error"], printed, call.arguments)

    async def warm_up(self) -> None:
        """Starts the processes that are kept warm; without it they start when they are needed."""
        await self._pool.warm_up()

    async def close(self) -> None:
        """Kills all processes."""
        await self._pool.close()

    def _request(self, number: str, function: str, arguments: Mapping[str, Any]) -> tuple[float, str]:
        if not self._folder.is_dir():
            message = f"python: {function}: this box has no folder code/"
            raise StepFailed("no_function", message, passing=False)
        module, name = split_function(function)
        given = arguments.get("args") or {}
        if not hasattr(given, "items"):
            raise StepFailed("bad_argument", f"python: args: expected a mapping, got {given!r:.80}", passing=False)
        try:
            seconds = parse_duration(arguments.get("time") or DEFAULT_TIME).total_seconds()
            memory = parse_size(arguments.get("memory") or DEFAULT_MEMORY)
            args = dump(normalise(given))
        except (DurationError, SizeError, EncodingError) as error:
            raise StepFailed("bad_argument", f"python: {function}: {error.message}", passing=False) from None
        head = json.dumps({"call": number, "module": module, "name": name, "seconds": seconds, "memory": memory})
        return seconds, f'{head[:-1]}, "args": {args}}}'

    async def _ask(
        self, flow: str, function: str, number: str, request: str, seconds: float
    ) -> tuple[dict[str, Any], str]:
        while True:
            async with self._pool.worker(flow) as process:
                try:
                    async with asyncio.timeout(seconds):
                        answer = _read(await process.ask(request), number)
                except TimeoutError:
                    message = f"python: {function} ran longer than {seconds:g} s and was stopped"
                    raise StepFailed("time_limit", message + _said(process.tail), passing=False) from None
                except WorkerDied as died:
                    raise _death(function, died.status, process.tail) from None
                except ValueError:
                    message = f"python: {function} returned what is no JSON that can be kept"
                    raise StepFailed("bad_result", message, passing=False) from None
                if not answer.keys().isdisjoint({"stale", "spent"}) or _ran_full(answer):
                    self._pool.discard(process)
                if "stale" not in answer:  # a file of code/ has changed: a new process reads it anew
                    return answer, process.tail


def split_function(function: str) -> tuple[str, str]:
    """Module and name of `module.name` or `module:name`. Raises StepFailed.

    >>> split_function("reports.totals:total"), split_function("totals.total")
    (('reports.totals', 'total'), ('totals', 'total'))
    """
    module, _, name = function.partition(":") if ":" in function else function.rpartition(".")
    if name.isidentifier() and module and all(part.isidentifier() for part in module.split(".")):
        return module, name
    message = f"python: expected module.name, a function of code/, got {function!r}"
    raise StepFailed("bad_argument", message, passing=False)


def _ran_full(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("error", {}).get("code") == "memory_limit")


def _read(line: bytes, number: str) -> dict[str, Any]:
    """The answer to this call. Raises ValueError: a function may find the socket and write to it what it likes."""
    answer = load(line)
    if not isinstance(answer, dict) or answer.get("call") != number:
        raise ValueError(answer)
    return answer


def _failure(function: str, error: Mapping[str, Any], printed: str, arguments: Mapping[str, Any]) -> StepFailed:
    code, message = str(error["code"]), str(error["message"])
    match code:
        case "memory_limit":
            limit = arguments.get("memory") or "256MB"
            text = f"python: {function} needed more memory than {limit}; raise `memory` if that is meant"
        case "result_too_large":
            text = f"python: {function} returned {message} of JSON; 1 MB is the most that a step may return"
        case "bad_result":
            text = f"python: {function} returned what cannot be kept: {message}"
        case "no_function":
            text = f"python: {function}: {message}"
        case _:
            trace = error.get("trace") or []
            place = f" at {' > '.join(trace)}" if trace else ""
            text = f"python: {function} raised {error.get('type')}: {message}{place}"
    return StepFailed(code, text + _said(printed), passing=False)


def _death(function: str, status: int | None, printed: str) -> StepFailed:
    if status is not None and -status == signal.SIGXCPU:
        text = f"python: {function} took more processor time than it may and was stopped"
        return StepFailed("time_limit", text + _said(printed), passing=False)
    how = f"ended its process with status {status}"
    if status is not None and status < 0:
        how = f"crashed its process ({signal.Signals(-status).name})"
    return StepFailed("crashed", f"python: {function} {how}{_said(printed)}", passing=False)


def _said(printed: str) -> str:
    return f"; it printed: {printed}" if printed else ""
