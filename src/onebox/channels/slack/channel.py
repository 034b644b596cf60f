"""Posts each message to an incoming webhook of a Slack channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from onebox.channels.posting import Poster, read_url
from onebox.kernel.encoding import to_json
from onebox.kernel.errors import OneboxError
from onebox.messaging.channel import DeliveryFailed, Pace
from onebox.messaging.content import body_of, in_parts
from onebox.messaging.markup.formats import escape_mrkdwn, to_mrkdwn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.channels.posting import Answer
    from onebox.kernel.clock import Clock
    from onebox.messaging.content import Body
    from onebox.messaging.message import Message

PACE = Pace(per_second=1, burst=1, parallel=1)
"""Slack takes one a second of a webhook"""
MOST = 40_000
"""characters of one message"""
_NEW = "the webhook is not there any more: make a new one in Slack, and set its secret"
_MENDED_IN_SLACK: Mapping[str, str] = {
    "no_service": _NEW,
    "no_service_id": _NEW,
    "invalid_token": _NEW,
    "no_active_hooks": _NEW,
    "no_team": "the workspace is not there any more: make a webhook in another, and set its secret",
    "team_disabled": "the workspace is switched off: switch it on, or make a webhook in another",
    "channel_not_found": "the channel is not there any more: make a webhook for another, and set its secret",
    "channel_is_archived": "take the channel out of the archive, or make a webhook for another",
    "action_prohibited": "whoever runs the workspace does not allow it: ask them",
    "posting_to_general_channel_denied": "whoever runs the workspace does not allow it there: use another channel",
}
"""What to do where the account is what is wrong, by what Slack answers."""


class SlackMisconfigured(OneboxError):
    """The secret of a slack account holds no URL."""

    code: ClassVar[str] = "slack_misconfigured"


class SlackChannel:
    """Posts to `url`, which is a secret. Raises SlackMisconfigured."""

    def __init__(self, *, account: str, url: str, clock: Clock, pace: Pace | None = None) -> None:
        self.pace = pace or PACE
        where = read_url(url)
        if where is None:
            message = f"accounts.{account}: the secret of webhook holds no URL"
            raise SlackMisconfigured(message, hint="it begins with https://hooks.slack.com/services/")
        self._poster = Poster(where, parallel=self.pace.parallel)
        self._clock = clock

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{}`: Slack says no more than that it took it. Raises DeliveryFailed."""
        body = to_json(payload(message.content)).encode("utf-8", "replace")
        answer = await self._poster.post(body)
        if not answer.taken:
            raise self._failed(answer)
        return {}

    async def close(self) -> None:
        """Closes the connections."""
        await self._poster.close()

    def _failed(self, answer: Answer) -> DeliveryFailed:
        hint = _MENDED_IN_SLACK.get(answer.text)
        if hint is not None:
            return DeliveryFailed(f"{answer.told()}; {hint}", permanent=True, kind="misconfigured")
        return answer.failed(self._clock.now())


def payload(content: Mapping[str, Any]) -> dict[str, Any]:
    """What is posted. Raises DeliveryFailed."""
    body = body_of(content)
    return {"text": _shown(body), "mrkdwn": body.markdown}


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The messages that a content becomes. Raises DeliveryFailed."""
    return in_parts(content, limit=MOST, length=lambda body: len(_shown(body)))


def _shown(body: Body) -> str:
    return to_mrkdwn(body.text) if body.markdown else escape_mrkdwn(body.text)
