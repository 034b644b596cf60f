"""What an account makes of a sender who says much: the throttle, and the words in which a person is told of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from onebox.messaging.throttle import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.messaging.chat import Post
    from onebox.messaging.throttle import Decision, Throttle

_log = logging.getLogger(__name__)

NOTICES: Mapping[str, str] = {
    "en": "That was a lot at once: not all of it was taken. Please write again in a minute.",
    "de": "Das war viel auf einmal: Nicht alles ist angekommen. Bitte schreiben Sie in einer Minute noch einmal.",
    "uk": "Забагато повідомлень одразу: не всі прийнято. Будь ласка, напишіть ще раз за хвилину.",
    "ru": "Слишком много сообщений сразу: приняты не все. Пожалуйста, напишите ещё раз через минуту.",
    "he": "יותר מדי הודעות בבת אחת: לא כולן התקבלו. נא לכתוב שוב בעוד דקה.",
}
"""What a sender is told where the settings say nothing, by language."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Of one post. `verdict`: why no flow gets it, in words for the operator. `notice`: what its sender is told.
    `supersedes`: what the sender said before of the same kind, and nobody has begun with, is not acted on any more."""

    verdict: str | None = None
    notice: str | None = None
    supersedes: bool = False


class Gate(Protocol):
    """The throttle of one account."""

    def opinion(self, post: Post, now: datetime) -> Opinion:
        """What becomes of a post. Counts it."""
        ...


class ThrottleGate:
    """`notices` by language, with `""` for all others, in place of our own. An empty text is not sent."""

    def __init__(
        self, throttle: Throttle, *, supersedes: bool = False, notices: Mapping[str, str] | None = None
    ) -> None:
        self._throttle = throttle
        self._supersedes = supersedes
        self._notices = NOTICES if notices is None else notices

    def opinion(self, post: Post, now: datetime) -> Opinion:
        """What becomes of a post. What no person sent is always taken."""
        kind = str(post.data.get("kind"))
        protected = post.protected or post.sender is None
        decision = self._throttle.decide(sender=post.sender or "", kind=kind, protected=protected, at=now)
        if decision.verdict is Verdict.taken:
            return Opinion(supersedes=self._supersedes and not protected)
        return Opinion(verdict=f"{decision.verdict}: {decision.reason}", notice=self._notice(post, decision))

    def _notice(self, post: Post, decision: Decision) -> str | None:
        """A sender is told once in a burst, in private: a group is no place for it."""
        if not decision.notify:
            return None
        _log.warning("sender_throttled", extra={"account": post.account, "sender": post.sender, "why": decision.reason})
        if post.data["chat"].get("type") not in {None, "private"}:
            return None
        language = str((post.data.get("sender") or {}).get("language") or "").partition("-")[0]
        fallback = self._notices.get("") or self._notices.get("en") or next(iter(self._notices.values()), "")
        return self._notices.get(language, fallback) or None
