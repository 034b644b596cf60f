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


async def test_a_bot_that_runs_for_long_forgets_what_was_done_more_than_7_days_ago(tmp_path: Path) -> None:
    store = tmp_path / "bot.db"
    journal = Journal(store)
    await journal.keep(1, [Kept(number, "7@7", "message", "{}") for number in range(4)])
    await journal.hand_over(5, 1, "SendMessage", "{}")
    await journal.hand_over(6, 1, "SendMessage", "{}")
    for number in range(3):
        journal.done(1, number, "")
    journal.sent(6, "blocked by the user")
    assert len(await journal.unsent(1)) == 1
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("update drop_in_update set done_at = '2020-01-01T00:00:00.000+00:00' where update_id < 2")
        other.execute("update drop_in_message set handed_at = '2020-01-01T00:00:00.000+00:00'")
        await journal.keep(1, [Kept(4, "7@7", "message", "{}")])
        left = other.execute("select update_id from drop_in_update order by update_id").fetchall()
        messages = other.execute("select id from drop_in_message").fetchall()
        plan = other.execute(
            "explain query plan select bot from drop_in_update where done_at < ?", ("2020",)
        ).fetchall()
    await journal.close()
    assert left == [(2,), (3,), (4,)]  # 2 was done just now, 3 is not done
    assert messages == [(5,)]  # it is not sent yet
    assert "drop_in_update_done" in plan[0][-1]
