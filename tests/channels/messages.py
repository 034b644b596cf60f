from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from onebox.messaging.message import Message

NOW = datetime.now(UTC).replace(microsecond=0)  # the peer library compares the signature's time with its own clock


class StoppedClock:
    def now(self) -> datetime:
        return NOW


def message(recipient: str = "ana", **content: Any) -> Message:
    return Message("m1", "fake/main", recipient, content or {"text": "Hi"}, NOW)
