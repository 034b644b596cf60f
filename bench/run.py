"""`./dev bench`: measures a box beside a hand-written program, and prints a table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.results import Results

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = (
    "throughput",
    "burst",
    "memory",
    "fairness",
    "feeds",
    "slots",
    "chats",
    "drop_in",
    "kit",
    "postgres",
    "appointments",
)


def main(arguments: list[str]) -> int:
    """Runs the scenarios that were asked for. Exits 0 when they ran to their end, whatever they showed."""
    asked = _parser().parse_args(arguments)
    sys.path.insert(0, str(ROOT))  # `bench` and `tests.support` are packages of the project, not of the environment
    from bench.machine import machine_facts
    from bench.report import as_json, print_table

    machine = machine_facts(_folder(asked))
    results = asyncio.run(_measure(asked))
    print_table(results, machine)
    if asked.json:
        Path(asked.json).write_text(as_json(results, machine))
        print(f"bench: all runs are in {asked.json}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--json", metavar="FILE", help="also write every run to FILE")
    parser.add_argument("--rounds", type=int, default=3, help="measure each this often; medians are shown (3)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long load lasts (10)")
    parser.add_argument("--own-generator", action="store_true", help="do not use wrk, though it is there")
    parser.add_argument("--folder", type=Path, help="where databases are put; the system's temporary folder by default")
    return parser


def _folder(asked: argparse.Namespace) -> Path:
    return asked.folder or Path(tempfile.gettempdir())


async def _measure(asked: argparse.Namespace) -> Results:
    from importlib import import_module

    from tests.support.stub import Stub

    from bench.results import Results
    from bench.session import Session

    unknown = set(asked.scenarios) - set(SCENARIOS)
    if unknown:
        sys.exit(f"bench: there is no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    results = Results()
    async with Stub() as stub:
        session = Session(results, stub, _folder(asked), asked.rounds, asked.seconds, asked.own_generator, _say)
        for name in asked.scenarios or SCENARIOS:
            await import_module(f"bench.scenarios.{name}").measure(session)
    return results


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
