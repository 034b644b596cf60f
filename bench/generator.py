"""The load at full speed: by wrk where it is installed, else by our own generator."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path

from tests.support.load import Load, Measured, run_load

# wrk's latencies are in µs; its `requests` count every answer, its `status` those above 399.
_SCRIPT = """\
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
function done(summary, latency)
  local broken = summary.errors
  io.write(string.format(
    '{"requests": %%d, "p50": %%d, "p99": %%d, "slowest": %%d, "micros": %%d, "refused": %%d, "failed": %%d}',
    summary.requests, latency:percentile(50), latency:percentile(99), latency.max, summary.duration, broken.status,
    broken.connect + broken.read + broken.write + broken.timeout))
end
"""


async def full_speed(load: Load, *, own: bool) -> Measured:
    """Each connection asks again as soon as it was answered, for `load.seconds`."""
    wrk = None if own else shutil.which("wrk")
    return await run_load(load) if wrk is None else await _by_wrk(wrk, load)


async def _by_wrk(wrk: str, load: Load) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % load.body)
        script.flush()
        how = ["-t1", f"-c{load.connections}", f"-d{load.seconds:g}s", "--timeout", "30s", "-s", script.name]
        began = time.monotonic()
        child = await asyncio.create_subprocess_exec(wrk, *how, load.url, stdout=asyncio.subprocess.PIPE)
        printed, _ = await child.communicate()
        ended = time.monotonic()
    return _read(printed.decode(), began, ended, Path(wrk).name)


def _read(printed: str, began: float, ended: float, by: str) -> Measured:
    told = json.loads(printed[printed.rindex('{"requests"') :])
    accepted = told["requests"] - told["refused"]
    statuses = {"200": accepted, **({"refused": told["refused"]} if told["refused"] else {})}
    return Measured(
        requests=told["requests"],
        per_second=accepted / (told["micros"] / 1e6),
        p50=told["p50"] / 1000,
        p99=told["p99"] / 1000,
        slowest=told["slowest"] / 1000,
        statuses=statuses,
        failed=told["failed"],
        began=began,
        ended=ended,
        by=by,
    )
