from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.channels.chat.site import Browser, Program, Site, browser, chat_site, program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with chat_site(tmp_path / "files") as running:
        yield running


@pytest.fixture
async def ana(site: Site) -> AsyncIterator[Program]:
    async with program(site.url) as visitor:
        yield visitor


@pytest.fixture
async def bo(site: Site) -> AsyncIterator[Browser]:
    async with browser(site.url) as visitor:
        yield visitor
