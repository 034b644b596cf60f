from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from onebox.drop_in.aiogram.journal import Journal, Kept

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_message_that_is_sent_while_it_is_written_is_not_sent_again(tmp_path: Path) -> None:
    """Another writer has the lock; the message's turn comes in the meantime."""
    store = tmp_path / "bot.db"
    journal = Journal(store)
    assert await journal.unsent(1) == []
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("begin immediate")
        blocked = asyncio.create_task(journal.keep(1, [Kept(1, "7@7", "message", "{}")]))
        handed = asyncio.create_task(journal.hand_over(5, 1, "SendMessage", "{}"))
        await asyncio.sleep(0)
        journal.sent(5, None)
        other.execute("rollback")
    await asyncio.gather(blocked, handed)
    await journal.close()
    assert await journal.unsent(1) == []
    await journal.close()
