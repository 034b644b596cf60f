"""The box of this suite, served, and what a test does with it."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.visit import visiting

if TYPE_CHECKING:
    import io
    from collections.abc import Awaitable, Callable, Mapping

    import aiohttp

    from onebox.app.serve import RunningBox
    from onebox.flows.records import RunDetail
    from onebox.flows.run import Run, RunState
    from tests.e2e.shop import Asked, Shop

Found = TypeVar("Found")
FILES = Path(__file__).parent / "box"
SIGNING = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
SECRETS = {"signing": SIGNING, "crm_signing": SIGNING, "shop_token": "sesame-open"}
WITHIN = 10.0
"""seconds, after which what is waited for does not come any more"""


def make_box(path: Path, shop: Shop, postgres: str | None) -> BoxFolder:
    """A copy of the box's files, with its secrets, that talks to this shop."""
    shutil.copytree(FILES, path, ignore=shutil.ignore_patterns("__pycache__"))
    settings = (FILES / "box.yaml").read_text().replace("SHOP", str(shop.port))
    (path / "box.yaml").write_text(settings + (f"storage: {postgres}\n" if postgres else ""))
    folder = BoxFolder(path)
    vault = Vault(folder, {})
    for name, value in SECRETS.items():
        vault.set(name, value)
    return folder


@dataclass
class Trial:
    """A box that runs in this process, and hands to try it with."""

    folder: BoxFolder
    box: RunningBox
    shop: Shop
    terminal: io.StringIO
    http: aiohttp.ClientSession

    async def call(self, path: str, *, method: str = "POST", **given: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Status, body and headers of one call of a webhook."""
        async with self.http.request(method, f"{self.box.url}/hooks/{path}", **given) as answer:
            return answer.status, await answer.json(), answer.headers

    async def ask(self, kind: str, target: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the command line asks: emit, retry, replay or cancel."""
        async with visiting(self.folder, {}) as visit:
            answer = await visit.ask(kind, target, {"data": data or {}}, patience=WITHIN)
            assert answer is not None, f"{kind} {target}: no answer"
            assert answer["ok"], f"{kind} {target}: {answer}"
            return answer

    async def emit(self, flow: str, **data: Any) -> str:
        """Starts a flow by hand; the run's id."""
        return str((await self.ask("emit", flow, data))["run"])

    async def reached(self, run_id: str, *states: RunState) -> RunDetail:
        """The run, once it is in one of these states."""

        async def look() -> RunDetail | None:
            detail = await self.box.records.run_detail(run_id)
            return detail if detail and detail.run.state in states else None

        return await eventually(look)

    async def latest(self, flow: str, state: RunState) -> Run:
        """The latest run of a flow, once there is one in this state."""

        async def look() -> Run | None:
            return next(iter(await self.box.records.list_runs(flow=flow, state=state, limit=1)), None)

        return await eventually(look)

    async def printed(self, line: str) -> str:
        """All that the terminal got, once this line is there."""

        async def look() -> str | None:
            text = self.terminal.getvalue()
            return text if line in text.splitlines() else None

        return await eventually(look)

    async def told_twice(self, line: str) -> None:
        """Waits until the terminal got this line twice."""

        async def look() -> bool | None:
            return self.terminal.getvalue().splitlines().count(line) == 2 or None

        await eventually(look)

    async def received(self) -> list[Asked]:
        """The messages that were posted to the shop, once every message is out."""

        async def look() -> list[Asked] | None:
            messages = await self.box.records.list_messages(account="webhook/crm")
            return self.shop.of("/crm") if all(sent.ended_at for sent in messages) else None

        return await eventually(look)


async def eventually(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + WITHIN
    while (found := await look()) is None:
        assert time.monotonic() < deadline, f"not within {WITHIN:g} s"
        await asyncio.sleep(0.02)
    return found
