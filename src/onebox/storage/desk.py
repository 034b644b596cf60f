"""What the box notes for itself and for its operator: schedule ticks, and requests of other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.flows.run import AnswerRequest, FileRequest, RememberTick
from onebox.kernel.encoding import dump, normalise
from onebox.storage import tables
from onebox.storage.session import keepable

if TYPE_CHECKING:
    from onebox.storage.dialects import Say
    from onebox.storage.session import Session


class Desk:
    """Writes ticks and requests."""

    def __init__(self, say: Say) -> None:
        tick, request = tables.schedule_tick, tables.request
        new = say.dialect.insert(tick).values(trigger_key=sa.bindparam("key"), last_at=sa.bindparam("at"))
        later = new.on_conflict_do_update(
            index_elements=["trigger_key"],
            set_={"last_at": new.excluded.last_at},
            where=new.excluded.last_at > tick.c.last_at,
        )
        self._tick = say(later, "key at")
        columns = "id kind target arguments requested_by created_at".split()
        self._file = say.insert(request, *columns, once=True)
        names = ("done_at", "result")
        answer = sa.update(request).values({name: sa.bindparam(name) for name in names})
        unanswered = answer.where(request.c.id == sa.bindparam("id_"), request.c.done_at.is_(None))
        self._answer = say(unanswered, "done_at result id_")
        self.appliers = {
            RememberTick: self.remember_tick,
            FileRequest: self.file_request,
            AnswerRequest: self.answer_request,
        }

    def remember_tick(self, session: Session, change: RememberTick) -> None:
        session.do(self._tick, (keepable(change.trigger_key), session.instant(change.at)))

    def file_request(self, session: Session, change: FileRequest) -> None:
        arguments, at = dump(normalise(change.arguments)), session.instant(change.at)
        row = (change.id, change.kind, keepable(change.target), arguments, keepable(change.by), at)
        session.do(self._file, row)

    def answer_request(self, session: Session, change: AnswerRequest) -> None:
        result = dump(normalise(change.result))
        session.do(self._answer, (session.instant(change.at), result, change.id))
