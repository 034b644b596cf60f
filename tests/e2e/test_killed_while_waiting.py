"""A process that is killed while a run waits: the next one goes on where it was."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest

from onebox.app.folder import BoxFolder
from onebox.app.visit import visiting
from tests.e2e.trial import FILES, SECRETS, WITHIN
from tests.support.process import BoxProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def patient_box(path: Path, database: str | None) -> AsyncIterator[BoxProcess]:
    flows = {name: (FILES / "flows" / name).read_text() for name in ("patient.yaml", "pay.yaml")}
    settings = "accounts: {terminal/main: {}}\n"
    box = BoxProcess(path, settings=settings, postgres=database, flows=flows, secrets=SECRETS)
    try:
        yield await box.start()
    finally:
        await box.clean_up()


@pytest.mark.soak
async def test_a_run_goes_on_waiting_after_kill_9(tmp_path: Path, database: str | None) -> None:
    async with patient_box(tmp_path / "box", database) as box, aiohttp.ClientSession() as http:
        async with visiting(BoxFolder(box.folder), {}) as visit:
            await visit.ask("emit", "patient", {"data": {"name": "Bo", "number": 5, "patience": "1h"}}, patience=WITHIN)

        async def waits() -> bool:
            return box.states() == {"waiting": 1} and "→ Bo: please pay 5" in box.log()

        await box.eventually("the run waits", waits, within=WITHIN)
        await box.kill()
        await box.start()
        bearer = {"Authorization": f"Bearer {SECRETS['shop_token']}"}
        async with http.post(f"{box.url}/hooks/pay", json={"number": 5, "sum": 99}, headers=bearer) as answer:
            assert answer.status == 202
        await box.drained(within=WITHIN)

        async def is_told() -> bool:
            return "→ Bo: thank you for 99" in box.log()

        await box.eventually("what came of it is told", is_told, within=WITHIN)
        assert await box.stop() == 0
        printed = [line for line in box.log().splitlines() if line.startswith("→")]
        assert printed[-1] == "→ Bo: thank you for 99"
        assert set(printed[:-1]) == {"→ Bo: please pay 5"}  # once more if it was killed before it was noted as sent
