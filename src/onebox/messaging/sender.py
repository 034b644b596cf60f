"""The sender of one account: drains its outbox, in order per recipient, at the pace that the channel allows.

Nothing is held for a message that waits: no task, no transaction, no memory. It waits in the database.
A recipient who was written to often enough for the moment rests within the window, and takes nothing of the account's
pace meanwhile.

What happens to one message, and what a crash at each point means:
1. It is read from the outbox into the window. A crash: it is read again.
2. It is handed to the channel. A crash before step 3 is durable: it is handed over once more, with the same id.
3. Its outcome is committed (sent, failed, or due again). Only then does the next message of that recipient go.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.kernel.errors import OneboxError
from onebox.kernel.ledger import StorageFull
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.lanes import Lanes
from onebox.messaging.message import MarkFailed, MarkRetried, MarkSent
from onebox.messaging.pace import TokenBucket, Turns
from onebox.messaging.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Ledger
    from onebox.messaging.channel import Channel
    from onebox.messaging.message import Message
    from onebox.messaging.outbox import MessageReader, Waiting

    Outcome = MarkSent | MarkRetried | MarkFailed

_log = logging.getLogger(__name__)
_READ = 256
"""messages read at once"""
_LOOK_AGAIN = 30.0
"""seconds after which the outbox is read though nobody called `wake` (another process may have written)"""
_ERROR_PAUSE = 1.0
_ERROR_LENGTH = 500


async def _nobody_to_tell(_message: Message, _failed: MarkFailed) -> None:
    """Stands where nobody wants to know of failed messages."""


class Sender:
    """Drains the outbox of `account` through `channel`.

    `on_failed(message, outcome)` is told before a message is marked as failed, so that it is told at least once; it
    may be told again after a crash. `pause(seconds)` waits; it is `asyncio.sleep` but in tests.
    """

    def __init__(
        self,
        *,
        account: str,
        channel: Channel,
        reader: MessageReader,
        ledger: Ledger,
        clock: Clock,
        on_failed: Callable[[Message, MarkFailed], Awaitable[None]] = _nobody_to_tell,
        patience: Patience | None = None,
        delivery_limit: timedelta = timedelta(seconds=60),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = account
        self._channel = channel
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._on_failed = on_failed
        self._patience = patience or Patience()
        self._delivery_limit = delivery_limit.total_seconds()
        self._pause = pause
        self._bucket = TokenBucket(channel.pace, clock.now())
        self._turns = Turns(channel.pace.each)
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivering = 0
        self._unkept: set[str] = set()  # messages whose outcome the full disk does not take
        self._keeping: set[asyncio.Task[Any]] = set()
        self._stale = True  # the outbox may hold more than the window shows
        self._next_due: datetime | None = None
        self._changed = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Says that messages were committed. Cheap; may be called for each."""
        self._stale = True
        self._changed.set()

    async def run(self) -> None:
        """Sends until `stop`."""
        self._running = asyncio.get_running_loop().create_future()
        try:
            while not self._stopping:
                self._changed.clear()
                await self._refill()
                self._start_deliveries()
                await self._wait_for_change()
        finally:
            self._running.set_result(None)

    async def stop(self, *, within: timedelta = timedelta(seconds=5)) -> None:
        """Starts nothing more, lets deliveries that are under way finish `within` that time, closes the channel.

        A delivery that does not finish is cancelled; its message goes out again when the box starts next.
        """
        self._stopping = True
        self._changed.set()
        if self._running is not None:
            await self._running
        for task in list(self._keeping):
            task.cancel()
        if self._tasks:
            _, unfinished = await asyncio.wait(self._tasks, timeout=within.total_seconds())
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        await self._channel.close()

    # --- the window ---------------------------------------------------------------------------------------------

    async def _refill(self) -> None:
        """Reads until there is enough to do or nothing more to read. Each full read brings new recipients."""
        while self._wants_more():
            self._stale = False  # before the read: a wake during it must not be lost
            try:
                waiting = await self._read()
            except Exception:  # noqa: BLE001 the sender outlives whatever the database does
                _log.exception("outbox cannot be read", extra={"account": self.account})
                self._stale = True
                await self._pause(_ERROR_PAUSE)
            else:
                self._lanes.take_in(waiting.messages)
                self._next_due = waiting.next_due
                self._stale = self._stale or len(waiting.messages) >= _READ

    def _read(self) -> Awaitable[Waiting]:
        now, busy = self._clock.now(), self._lanes.recipients
        return self._reader.waiting(self.account, now=now, busy=busy, limit=_READ)

    def _wants_more(self) -> bool:
        if self._next_due is not None and self._next_due <= self._clock.now():
            self._stale, self._next_due = True, None
        enough = self._lanes.ready >= self._channel.pace.parallel or self._lanes.full
        return self._stale and not enough and not self._stopping

    async def _wait_for_change(self) -> None:
        timer = asyncio.get_running_loop().call_later(self._idle_time(), self._look_again)
        try:
            await self._changed.wait()
        finally:
            timer.cancel()

    def _idle_time(self) -> float:
        now = self._clock.now()
        if self._free_to_start():
            return self._bucket.wait(now)
        upcoming = [at for at in (self._next_due, self._lanes.rests_until) if at is not None]
        return min([_LOOK_AGAIN, *(max(0.0, (at - now).total_seconds()) for at in upcoming)])

    def _look_again(self) -> None:
        self._stale = self._stale or not self._lanes.recipients
        self._changed.set()

    # --- deliveries ---------------------------------------------------------------------------------------------

    def _free_to_start(self) -> bool:
        # While the disk is full no outcome can be kept, so each further delivery would go out twice after a crash.
        room = self._delivering < self._channel.pace.parallel and not self._unkept
        return bool(self._lanes.ready) and room and not self._stopping

    def _start_deliveries(self) -> None:
        self._lanes.rested(self._clock.now())
        while self._free_to_start():
            now = self._clock.now()
            rest = self._turns.wait(self._lanes.whose_turn, now)
            if rest:
                self._lanes.rest(now + timedelta(seconds=rest))
                continue
            if not self._bucket.take(now):
                return
            self._start(self._lanes.next())

    def _start(self, message: Message) -> None:
        self._delivering += 1
        task = asyncio.create_task(self._send(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, message: Message) -> None:
        try:
            outcome = await self._deliver(message)
        finally:
            self._delivering -= 1
            # When the channel counted it is not known, but not later than now.
            self._turns.take(message.recipient, self._clock.now())
            self._changed.set()
        await self._keep(message, outcome)
        self._release(message, outcome)

    async def _deliver(self, message: Message) -> Outcome:
        try:
            async with asyncio.timeout(self._delivery_limit):
                receipt = await self._channel.deliver(message)
        except DeliveryFailed as failure:
            return self._failed(message, failure)
        except TimeoutError:
            text = f"{self.account} gave no answer within {self._delivery_limit:g} s"
            return self._failed(message, DeliveryFailed(text, permanent=False, kind="unreachable"))
        except Exception as error:  # noqa: BLE001 a bug in a channel is a failure of this message alone
            _log.exception("channel failed unexpectedly", extra={"account": self.account, "message_id": message.id})
            text = f"{self.account} failed unexpectedly: {type(error).__name__}: {error}"
            return self._failed(message, DeliveryFailed(text, permanent=False))
        return MarkSent(message.id, self._clock.now(), receipt)

    def _failed(self, message: Message, failure: DeliveryFailed) -> MarkRetried | MarkFailed:
        now = self._clock.now()
        due_at = self._patience.next_try(message, failure, now)
        text = failure.message[:_ERROR_LENGTH]
        if due_at is not None:
            return MarkRetried(message.id, due_at, text)
        if not failure.permanent:
            text = f"{text} (gave up after {message.attempts + 1} attempts)"
        return MarkFailed(message.id, now, text, failure.kind)

    async def _keep(self, message: Message, outcome: Outcome) -> None:
        """Makes the outcome durable, however long that takes. Until then the recipient is held."""
        while True:
            try:
                if isinstance(outcome, MarkFailed):
                    await self._on_failed(message, outcome)
                await self._ledger.commit([outcome])
            except StorageFull as full:
                self._unkept.add(message.id)
                await self._pause_keeping(full.retry_after)
            except Exception as error:  # noqa: BLE001 giving up would send the message twice
                told = not isinstance(error, OneboxError)
                _log.warning("outcome not kept yet", exc_info=told, extra={"message_id": message.id, "why": str(error)})
                await self._pause_keeping(_ERROR_PAUSE)
            else:
                self._unkept.discard(message.id)
                return

    async def _pause_keeping(self, seconds: float) -> None:
        """Waits until an outcome may be kept; `stop` does not wait for that: the message goes out again next time."""
        task = asyncio.current_task()
        assert task is not None
        self._keeping.add(task)
        try:
            await self._pause(seconds)
        finally:
            self._keeping.discard(task)

    def _release(self, message: Message, outcome: Outcome) -> None:
        retried = isinstance(outcome, MarkRetried)
        if self._lanes.done(message, hold=retried):
            self._stale = True
        if isinstance(outcome, MarkRetried):
            self._next_due = min(self._next_due or outcome.due_at, outcome.due_at)
        self._changed.set()
