"""Questions that wait in a chat: which of them an event answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Question = tuple[str, str, "Mapping[str, Any]"]
"""the run that asks, the path of its step, and what was asked: `asked`, an id that sorts by time, `choices`, the ids
that were offered, and `of`, the user id of who was asked, if it is known"""


def topic_of_answers(account: str, chat: str) -> str:
    """The topic under which questions of a chat wait.

    >>> topic_of_answers("telegram/main", "7")
    'answer:telegram/main:7'
    """
    return f"answer:{account}:{chat}"


def newest_question(questions: Iterable[Question], data: Mapping[str, Any]) -> Question | None:
    """The question that an event answers: the newest, as a person answers what they were asked last.

    A press answers the newest question that offered the choice: a button of an older message may mean another one. A
    command (`/start`) answers none: it is a way out. Nor does what is no message (an edit, someone who joins), or a
    payment.
    """
    user = str((data.get("sender") or {}).get("user_id"))
    theirs = [question for question in questions if question[2].get("of") in {None, user}]
    open_ones = sorted(theirs, key=lambda question: str(question[2].get("asked", "")), reverse=True)
    if data.get("pressed"):
        choice = data.get("choice")
        return next((one for one in open_ones if choice in (one[2].get("choices") or ())), None)
    is_message = data.get("kind") == "message" and not data.get("payment")
    said = is_message and not str(data.get("text") or "").lstrip().startswith("/")
    return open_ones[0] if open_ones and said else None
