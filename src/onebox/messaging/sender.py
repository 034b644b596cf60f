"""The sender of one account: drains its outbox, in order per recipient, at the pace that the channel allows.

Nothing is held for a message that waits: no task, no transaction, no memory. It waits in the database.
A recipient who was written to often enough for the moment rests within the window, and takes nothing of the account's
pace meanwhile.

What happens to one message, and what a crash at each point means:
1. It is read from the outbox into the window. A crash: it is read again.
2. Where the channel does not notice repetitions, it is marked as handed over. A crash: it is read again, with the mark,
   so that its doubt is counted before it goes out again, or is left, as the account's settings say.
3. It is handed to the channel. A crash before step 4 is durable: as after step 2; else it is handed over once more,
   with the same id.
4. Its outcome is committed (sent, failed, or due again). Only then does the next message of that recipient go.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.kernel.errors import OneboxError
from onebox.kernel.ledger import StorageFull
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.message import MarkFailed, MarkHanded, MarkRetried, MarkSent, Priority
from onebox.messaging.order import Order
from onebox.messaging.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change, Ledger
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
_OF_SIGNALS = Patience(attempts=6, age=timedelta(seconds=140))
"""a button waits for 150 s"""


async def _nobody_to_tell(_message: Message, _failed: MarkFailed) -> None:
    """Stands where nobody wants to know of failed messages."""


class Sender:
    """Drains the outbox of `account` through `channel`.

    `on_failed(message, outcome)` is told before a message is marked as failed, so that it is told at least once; it
    may be told again after a crash. `also(message, outcome)` are changes that are committed with an outcome.
    `marks`: the channel does not notice repetitions, so what is handed to it is marked before. `leaves_unsure`: a
    message of which nobody knows whether it arrived is not sent again. `pause(seconds)` waits; it is `asyncio.sleep`
    but in tests.
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
        also: Callable[[Message, Outcome], Sequence[Change[Any]]] = lambda _message, _outcome: (),
        patience: Patience | None = None,
        delivery_limit: timedelta = timedelta(seconds=60),
        marks: bool = False,
        leaves_unsure: bool = False,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = account
        self._channel = channel
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._on_failed = on_failed
        self._also = also
        self._patience = patience or Patience()
        self._delivery_limit = delivery_limit.total_seconds()
        self._marks = marks
        self._leaves_unsure = leaves_unsure
        self._pause = pause
        self._order = Order(channel.pace, clock.now())
        self._tasks: set[asyncio.Task[None]] = set()
        self._unkept: set[str] = set()  # messages whose outcome the full disk does not take
        self._keeping: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Future[None] | None = None

    def wake(self, priority: Priority | None = None) -> None:
        """Says that messages were committed, of this priority or of any. Cheap; may be called for each."""
        for one in Priority if priority is None else (priority,):
            self._order[one].stale = True
        self._changed.set()

    def forget(self, priority: Priority) -> None:
        """Says that messages which wait were changed: what is held of them in memory is old."""
        self._order[priority].forget()
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

    # --- the windows --------------------------------------------------------------------------------------------

    async def _refill(self) -> None:
        """Reads until there is enough to do or nothing more to read. Each full read brings new recipients."""
        for priority in Priority:
            while not self._stopping and priority in self._order.wanting(self._clock.now()):
                await self._read_some(priority)

    async def _read_some(self, priority: Priority) -> None:
        window = self._order[priority]
        window.stale = False  # before the read: a wake during it must not be lost
        began = window.forgotten
        try:
            waiting = await self._read(priority)
        except Exception:  # noqa: BLE001 the sender outlives whatever the database does
            _log.exception("outbox cannot be read", extra={"account": self.account})
            window.stale = True
            await self._pause(_ERROR_PAUSE)
        else:
            if window.forgotten != began:
                return
            window.lanes.take_in(waiting.messages)
            window.next_due = waiting.next_due
            window.stale = window.stale or len(waiting.messages) >= _READ

    def _read(self, priority: Priority) -> Awaitable[Waiting]:
        now, busy = self._clock.now(), self._order[priority].lanes.recipients
        return self._reader.waiting(self.account, priority=priority, now=now, busy=busy, limit=_READ)

    async def _wait_for_change(self) -> None:
        timer = asyncio.get_running_loop().call_later(self._idle_time(), self._look_again)
        try:
            await self._changed.wait()
        finally:
            timer.cancel()

    def _idle_time(self) -> float:
        return _LOOK_AGAIN if self._unkept else self._order.idle_time(self._clock.now(), _LOOK_AGAIN)

    def _look_again(self) -> None:
        if self._order.holds_any:
            self._changed.set()
        else:
            self.wake()

    # --- deliveries ---------------------------------------------------------------------------------------------

    def _start_deliveries(self) -> None:
        marked: list[Message] = []
        # While the disk is full no outcome can be kept, so each further delivery would go out twice after a crash.
        while not (self._unkept or self._stopping):
            message = self._order.next(self._clock.now())
            if message is None:
                break
            if self._marks and message.priority is not Priority.signal:
                marked.append(message)
            else:
                self._do(self._send(message))
        if marked:
            self._do(self._mark(marked))

    def _do(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mark(self, messages: list[Message]) -> None:
        """One commit for all that go now; after it, all go at once."""
        new = [message.id for message in messages if message.handed_at is None]
        if new:
            await self._commit([MarkHanded(new, self._clock.now())], new)
        await asyncio.gather(*(self._send(message) for message in messages))

    async def _send(self, message: Message) -> None:
        try:
            outcome = self._after_a_crash(message) or await self._deliver(message)
        finally:
            self._order.delivered(message, self._clock.now())
            self._changed.set()
        try:
            failed = await self._keep(message, outcome)
            if isinstance(outcome, MarkSent) and failed is not None:
                await self._tell(message, MarkFailed(message.id, self._clock.now(), failed))
        finally:
            self._order.done(message, due_at=outcome.due_at if isinstance(outcome, MarkRetried) else None)
            self._changed.set()

    def _after_a_crash(self, message: Message) -> Outcome | None:
        """What becomes of one that was handed over in an earlier life of the box, or just before its end."""
        if message.handed_at is None:
            return None
        text = f"the box stopped while this was handed to {self.account}"
        if self._leaves_unsure:
            return MarkFailed(message.id, self._clock.now(), text, "uncertain", doubtful=True)
        return MarkRetried(message.id, self._clock.now(), text, doubtful=True)

    async def _deliver(self, message: Message) -> Outcome:
        try:
            async with asyncio.timeout(self._delivery_limit):
                receipt = await self._channel.deliver(message)
        except DeliveryFailed as failure:
            if failure.retry_after is not None:
                self._order.refused(message, failure.retry_after, self._clock.now())
            return self._failed(message, failure)
        except TimeoutError:
            text = f"{self.account} gave no answer within {self._delivery_limit:g} s"
            late = DeliveryFailed(text, permanent=False, kind="unreachable", uncertain=self._marks)
            return self._failed(message, late)
        except Exception as error:  # noqa: BLE001 a bug in a channel is a failure of this message alone
            _log.exception("channel failed unexpectedly", extra={"account": self.account, "message_id": message.id})
            text = f"{self.account} failed unexpectedly: {type(error).__name__}: {error}"
            return self._failed(message, DeliveryFailed(text, permanent=False, uncertain=self._marks))
        return MarkSent(message.id, self._clock.now(), receipt)

    def _failed(self, message: Message, failure: DeliveryFailed) -> MarkRetried | MarkFailed:
        now, doubtful = self._clock.now(), failure.uncertain
        text = failure.message[:_ERROR_LENGTH]
        if doubtful and self._leaves_unsure:
            return MarkFailed(message.id, now, f"{text} (it may have arrived)", "uncertain", doubtful=True)
        patience = _OF_SIGNALS if message.priority is Priority.signal else self._patience
        due_at = patience.next_try(message, failure, now)
        if due_at is not None:
            return MarkRetried(message.id, due_at, text, doubtful)
        if not failure.permanent:
            text = f"{text} (gave up after {message.attempts + 1} attempts)"
        return MarkFailed(message.id, now, text, failure.kind, doubtful)

    # --- what became of them ------------------------------------------------------------------------------------

    async def _keep(self, message: Message, outcome: Outcome) -> Any:
        """Makes the outcome durable, however long that takes. Until then the recipient is held. What the change gave."""
        told = message.priority is Priority.signal or not isinstance(outcome, MarkFailed)

        async def tell() -> None:
            nonlocal told
            if not told and isinstance(outcome, MarkFailed):
                await self._on_failed(message, outcome)
                told = True

        return (await self._commit([outcome, *self._also(message, outcome)], [message.id], before=tell))[0]

    async def _tell(self, message: Message, failed: MarkFailed) -> None:
        """Tells of a failure that was heard of before its message was marked as sent, however long that takes."""
        while True:
            try:
                return await self._on_failed(message, failed)
            except Exception as error:  # noqa: BLE001 nobody else knows of it
                _log.warning("failure not told yet", extra={"message_id": message.id, "why": str(error)})
                await self._pause_keeping(error.retry_after if isinstance(error, StorageFull) else _ERROR_PAUSE)

    async def _commit(
        self,
        changes: Sequence[Change[Any]],
        message_ids: Sequence[str],
        *,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> list[Any]:
        while True:
            try:
                if before is not None:
                    await before()
                results = await self._ledger.commit(changes)
            except StorageFull as full:
                self._unkept.update(message_ids)
                await self._pause_keeping(full.retry_after)
            except Exception as error:  # noqa: BLE001 giving up would send the message twice
                told = not isinstance(error, OneboxError)
                ids = ", ".join(message_ids)
                _log.warning("outcome not kept yet", exc_info=told, extra={"message_id": ids, "why": str(error)})
                await self._pause_keeping(_ERROR_PAUSE)
            else:
                self._unkept.difference_update(message_ids)
                return results

    async def _pause_keeping(self, seconds: float) -> None:
        """Waits until an outcome may be kept; `stop` does not wait for that: the message goes out again next time."""
        task = asyncio.current_task()
        assert task is not None
        self._keeping.add(task)
        try:
            await self._pause(seconds)
        finally:
            self._keeping.discard(task)
