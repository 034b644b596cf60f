"""The middleware that lets updates in as fast as their answers may leave."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from aiogram import BaseMiddleware
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod
from aiogram.types import Update

from onebox.drop_in.aiogram.handling import Handling, Marked
from onebox.drop_in.aiogram.journal import Journal, Kept
from onebox.drop_in.aiogram.pacer import Limits, Pacer
from onebox.drop_in.aiogram.presses import Presses
from onebox.drop_in.aiogram.session import PacedSession
from onebox.drop_in.aiogram.turnstile import Turnstile, Visit, later
from onebox.drop_in.aiogram.visitors import visitor_of
from onebox.messaging.channel import Rate
from onebox.messaging.throttle import Throttle, ThrottleRules, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from os import PathLike

    from aiogram import Bot, Dispatcher
    from aiogram.types import TelegramObject

    from onebox.drop_in.aiogram.visitors import Visitor
    from onebox.messaging.throttle import Decision

_log = logging.getLogger(__name__)
NOTICE = "That was a lot at once. I answer as soon as I can; please wait a moment."
_NO_LIMIT = Limits(*(Rate(per_second=1e6, burst=10**6) for _ in range(3)))
_STARTS = 5
"""An update whose handler was begun so often and never ended is given up: it may be what ends the bot."""
_SUMMARY_EACH = timedelta(minutes=1)


class ThrottleMiddleware(BaseMiddleware):
    """Takes every update, in order, one at a time per chat, `places` at a time in all; `rules` may refuse some.

    `store`: a SQLite file in which each update stands before Telegram forgets it, with what was decided; those that were
    not finished are handled at the next start. None: in memory alone. `notice`: what a person is told once whose updates
    are refused; None: nothing. `window`: updates in hand above which no more are asked for. `stop_within`: how long a bot
    that stops may take to finish what is in hand. `answer_press_after`: how long a button that was pressed waits for
    its handler to begin; then it is answered without a text.
    """

    def __init__(
        self,
        rules: ThrottleRules | None = None,
        *,
        store: str | PathLike[str] | None = None,
        places: int = 32,
        window: int = 200,
        notice: str | None = NOTICE,
        stop_within: timedelta = timedelta(seconds=30),
        answer_press_after: timedelta = timedelta(seconds=5),
    ) -> None:
        self.journal = Journal(store) if store is not None else None
        self._throttle = Throttle(rules or ThrottleRules())
        self._places = places
        self._window = window
        self._notice = notice
        self._stop_within = stop_within.total_seconds()
        self._presses = Presses(answer_press_after.total_seconds())
        self._dispatcher: Dispatcher | None = None
        self._turnstiles: dict[int, Turnstile] = {}
        self._settling: dict[tuple[int, str, str], Visit] = {}
        self._coming: set[tuple[int, int]] = set()  # bot and number of updates that are on their way to here
        self._arriving = Counter[int]()  # by bot
        self._broken_off: set[tuple[int, int]] = set()  # those whose handling was cancelled
        self._left_behind: set[tuple[int, int]] = set()  # taken by an earlier life, and not begun yet
        self._intake = asyncio.Lock()
        self._left_over: set[asyncio.Task[None]] = set()
        self._drained: asyncio.Task[bool] | None = None
        self._out_of_time = False
        self._told_at = 0.0

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many updates there were of each verdict."""
        return self._throttle.counts

    def register(self, dispatcher: Dispatcher) -> None:
        """Puts the middleware before all others, so that they see an update when its turn has come."""
        self._dispatcher = dispatcher
        middlewares = dispatcher.update.outer_middleware
        others = list(middlewares)
        for other in others:
            middlewares.unregister(other)
        middlewares.register(self)
        for one in others:
            middlewares.register(one)
        dispatcher.startup.register(self._start)

    # --- one update

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Lets an update through in its turn; an update that is refused is answered here."""
        assert isinstance(event, Update)
        bot: Bot = data["bot"]
        visitor = visitor_of(event)
        known = (bot.id, event.update_id) in self._coming
        self._coming.discard((bot.id, event.update_id))
        try:
            return await self._let_through(handler, event, data, visitor, known=known)
        except asyncio.CancelledError:
            if known:  # with `handle_as_tasks=False` a stop cancels what is handled
                self._broken_off.add((bot.id, event.update_id))
            raise

    async def _let_through(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: Update,
        data: dict[str, Any],
        visitor: Visitor,
        *,
        known: bool,
    ) -> Any:
        bot: Bot = data["bot"]
        turnstile = self._turnstile_of(bot)
        self._arriving[bot.id] += 1
        try:
            async with self._intake:  # in the order in which they came, though deciding and keeping take time
                if not known and not await self._is_new(bot, event, visitor):
                    return None
                decision = await self._decide(bot, visitor, turnstile)
                visit = self._take_in(bot, visitor, decision, turnstile) if decision.verdict is Verdict.taken else None
        finally:
            self._arriving[bot.id] -= 1
            for one in self._turnstiles.values():  # `drain` waits at each for those of all
                one.look_again()
        if visit is None:
            await self._turn_away(bot, event, visitor, decision)
            return None
        try:
            with self._presses.waiting(bot, event):
                is_in = await turnstile.enter(visit)
            if is_in:
                return await self._handle(handler, event, data, visitor, visit)
            await self._sent_away(bot, event)
        finally:
            self._presses.over(bot, event)
        return None

    async def _is_new(self, bot: Bot, update: Update, visitor: Visitor) -> bool:
        if self.journal is None:
            return True
        return bool(await self.journal.keep(bot.id, [_as_kept(update, visitor)]))

    async def _decide(self, bot: Bot, visitor: Visitor, turnstile: Turnstile) -> Decision:
        protected = visitor.protected or await self._is_in_a_dialogue(bot, visitor)
        sender = f"{bot.id}:{visitor.sender}"
        return self._throttle.decide(sender=sender, kind=visitor.kind, protected=protected, at=turnstile.now())

    async def _is_in_a_dialogue(self, bot: Bot, visitor: Visitor) -> bool:
        """A person who is in the midst of something, a booking perhaps: aiogram's FSM has a state for them."""
        if self._dispatcher is None:
            raise RuntimeError(
                "ThrottleMiddleware got an update, and was not told its dispatcher; "
                "call ThrottleMiddleware().register(dispatcher) instead of dispatcher.update.outer_middleware(…)"
            )
        who = visitor.context
        context = self._dispatcher.fsm.resolve_context(
            bot, who.chat_id, who.user_id, who.thread_id, who.business_connection_id
        )
        return context is not None and await context.get_state() is not None

    def _take_in(self, bot: Bot, visitor: Visitor, decision: Decision, turnstile: Turnstile) -> Visit:
        key = (bot.id, visitor.sender, visitor.kind)
        earlier = self._settling.get(key)
        if decision.supersedes and earlier is not None and turnstile.send_away(earlier):
            self._throttle.coalesced()
        visit = Visit(visitor.chat, free=visitor.free, not_before=later(turnstile.now(), decision.wait))
        if decision.wait:
            self._settling[key] = visit
            visit.admitted.add_done_callback(lambda _: self._settled(key, visit))
        turnstile.queue(visit)
        return visit

    def _settled(self, key: tuple[int, str, str], visit: Visit) -> None:
        if self._settling.get(key) is visit:
            del self._settling[key]

    async def _handle(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        update: Update,
        data: dict[str, Any],
        visitor: Visitor,
        visit: Visit,
    ) -> Any:
        bot: Bot = data["bot"]
        turnstile = self._turnstile_of(bot)
        handling = Handling(bot.id, visitor.chat, visit.right, lambda: turnstile.spoke(visit))
        failure: str | None = None
        try:
            await self._count(bot, update)
            with Marked(handling):
                answer = await handler(update, data)
            failure = ""
        except Exception as error:
            if not self._out_of_time:  # what a handler needs may be gone already: that is no fault of its own
                failure = f"failed: {type(error).__name__}: {error}"
            raise
        else:
            return answer
        finally:
            turnstile.leave(visit)
            if self.journal is not None and failure is not None and not handling.cut_off:
                self.journal.done(bot.id, update.update_id, failure)

    async def _count(self, bot: Bot, update: Update) -> None:
        """Of what an earlier life of the bot left unfinished, since it may be what ended it."""
        key = (bot.id, update.update_id)
        if self.journal is not None and key in self._left_behind:
            self._left_behind.discard(key)
            await self.journal.begun(*key)

    # --- those who are not let in

    async def _turn_away(self, bot: Bot, update: Update, visitor: Visitor, decision: Decision) -> None:
        _log.info("update %d of %s is %s: %s", update.update_id, visitor.sender, decision.verdict, decision.reason)
        if self.journal is not None:
            self.journal.decided(bot.id, update.update_id, decision.verdict, decision.reason)
        self._sum_up()
        if update.callback_query is not None:
            await _quietly(
                bot.answer_callback_query(update.callback_query.id, self._notice if decision.notify else None)
            )
        elif decision.notify and self._notice is not None and visitor.private:
            await _quietly(bot.send_message(int(visitor.chat), self._notice))

    async def _sent_away(self, bot: Bot, update: Update) -> None:
        """A later update stands for this one; or the bot stops, and it waits on disk."""
        if self._drained is not None:
            return
        if self.journal is not None:
            self.journal.decided(bot.id, update.update_id, Verdict.coalesced, "a later one stands for it")
        if update.callback_query is not None:
            await _quietly(bot.answer_callback_query(update.callback_query.id))

    def _sum_up(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _SUMMARY_EACH.total_seconds():
            self._told_at = now
            _log.warning("updates so far: %s", _told(self.counts))

    # --- what the session asks

    async def room(self, bot_id: int) -> None:
        """Waits until more updates may be taken from Telegram."""
        if turnstile := self._turnstiles.get(bot_id):
            await turnstile.until(lambda: turnstile.waiting + self._on_the_way(bot_id) <= self._window)

    def _on_the_way(self, bot_id: int) -> int:
        return self._arriving[bot_id] + sum(bot == bot_id for bot, _ in self._coming)

    async def keep(self, bot_id: int, updates: Sequence[Update]) -> list[Update]:
        """Makes updates durable before Telegram forgets them; those that were not taken before."""
        fresh = {update.update_id for update in updates}
        if self.journal is not None and updates:
            fresh = await self.journal.keep(bot_id, [_as_kept(update, visitor_of(update)) for update in updates])
        self._coming |= {(bot_id, number) for number in fresh}
        return [update for update in updates if update.update_id in fresh]

    def first_left(self, bot_id: int) -> int | None:
        """The first update that was taken from Telegram, and is neither handled nor on disk; None: there is none."""
        if self.journal is not None:
            return None
        left = self._coming | self._broken_off
        return min((number for bot, number in left if bot == bot_id), default=None)

    # --- life

    async def _start(self, dispatcher: Dispatcher, bot: Bot, bots: Sequence[Bot] = ()) -> None:
        self._drained, self._out_of_time = None, False
        self._broken_off.clear()
        shutdown = dispatcher.shutdown.handlers
        # Before those who close what handlers need.
        dispatcher.shutdown.handlers[:] = [one for one in shutdown if one.callback != self._stop]
        dispatcher.shutdown.register(self._stop)
        shutdown.insert(0, shutdown.pop())
        for one in bots or (bot,):
            if isinstance(one.session, PacedSession):
                await one.session.work_with(self, one)
            self._turnstile_of(one).open()
            await self._go_on(dispatcher, one)

    async def _go_on(self, dispatcher: Dispatcher, bot: Bot) -> None:
        """Handles what an earlier life of the bot left unfinished."""
        if self.journal is None:
            return
        for content, starts in await self.journal.unfinished(bot.id):
            update = Update.model_validate_json(content, context={"bot": bot})
            if starts >= _STARTS and not visitor_of(update).protected:
                reason = f"given up: its handler was begun {starts} times and never ended"
                _log.error("update %d is %s", update.update_id, reason)
                self.journal.done(bot.id, update.update_id, reason)
                continue
            self._coming.add((bot.id, update.update_id))
            self._left_behind.add((bot.id, update.update_id))
            task = asyncio.create_task(_feed(dispatcher, bot, update))
            self._left_over.add(task)
            task.add_done_callback(self._left_over.discard)

    async def _stop(self) -> None:
        await self.drain()

    async def drain(self) -> bool:
        """Finishes what is in hand; with a store, only what is being handled. True: nothing of it was lost."""
        if self._drained is None:
            self._drained = asyncio.create_task(self._drain())  # whoever waits for it may be cancelled
        return await asyncio.shield(self._drained)

    async def _drain(self) -> bool:
        turnstiles = list(self._turnstiles.values())
        await asyncio.sleep(0)  # the tasks of updates that were given out begin, and are waited for
        if self.journal is not None:
            for turnstile in turnstiles:
                turnstile.close()
                turnstile.send_all_away()
        try:
            async with asyncio.timeout(self._stop_within):
                for turnstile in turnstiles:
                    await turnstile.until(partial(self._is_empty, turnstile))
        except TimeoutError:
            self._out_of_time = True
            self._tell_what_is_left(turnstiles)
            return self.journal is not None
        finally:
            _log.info("updates: %s", _told(self.counts))
        return True

    def _is_empty(self, turnstile: Turnstile) -> bool:
        return not (turnstile.waiting or turnstile.inside or self._arriving.total())

    def _tell_what_is_left(self, turnstiles: Sequence[Turnstile]) -> None:
        left = sum(turnstile.waiting + turnstile.inside for turnstile in turnstiles)
        if self.journal is not None:
            _log.warning(
                "%d updates were not finished within %g s; they are at the next start", left, self._stop_within
            )
            return
        _log.error(
            "%d updates were not handled to their end within %g s and are lost; give ThrottleMiddleware a longer"
            " stop_within, or a store, which keeps them for the next start",
            left,
            self._stop_within,
        )

    def _turnstile_of(self, bot: Bot) -> Turnstile:
        turnstile = self._turnstiles.get(bot.id)
        if turnstile is None:
            pacer = bot.session.pacer_of(bot.id) if isinstance(bot.session, PacedSession) else Pacer(_NO_LIMIT)
            turnstile = self._turnstiles[bot.id] = Turnstile(pacer, self._places)
            self._presses.guard(bot.session)
        return turnstile


async def _feed(dispatcher: Dispatcher, bot: Bot, update: Update) -> None:
    try:
        answer = await dispatcher.feed_update(bot, update)
        if isinstance(answer, TelegramMethod):
            await dispatcher.silent_call_request(bot, answer)
    except Exception:  # noqa: BLE001 aiogram's own way with an update whose handler failed
        _log.exception("update %d, left from before the start, failed", update.update_id)


async def _quietly(request: Awaitable[object]) -> None:
    """What a person is told who is refused is worth no failure."""
    try:
        await request
    except TelegramAPIError as error:
        _log.info("a person was not told: %s", error)


def _as_kept(update: Update, visitor: Visitor) -> Kept:
    content = update.model_dump_json(exclude_unset=True, by_alias=True, warnings=False)
    return Kept(update.update_id, visitor.sender, visitor.kind, content)


def _told(counts: Mapping[Verdict, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
