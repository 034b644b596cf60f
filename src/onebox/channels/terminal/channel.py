"""Prints messages to a stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

from onebox.kernel.encoding import to_json
from onebox.messaging.channel import DeliveryFailed, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.messaging.message import Message

# A message may hold what a stranger wrote: it must not move the cursor, change colours or ring the bell.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class TerminalChannel:
    """Prints `→ recipient: text` to `stream`, and keeps the last messages in `kept`."""

    pace = Pace(per_second=10_000, burst=10_000, parallel=64)

    def __init__(self, stream: TextIO, *, keep: int = 1000) -> None:
        self._stream = stream
        self.kept: deque[Message] = deque(maxlen=keep)

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """Raises DeliveryFailed where the stream takes nothing any more."""
        try:
            self._stream.write(line_for(message))
            self._stream.flush()
        except (OSError, ValueError) as error:
            text = f"the terminal takes no output: {error}"
            raise DeliveryFailed(text, permanent=False) from None
        self.kept.append(message)
        return {}

    async def close(self) -> None:
        """The stream is not the channel's to close."""


def line_for(message: Message) -> str:
    """The line that is printed; further lines of the text are indented."""
    content = message.content
    text = content.get("text")
    shown = text if isinstance(text, str) else to_json(dict(content))
    shown = shown.translate(_CONTROLS).replace("\n", "\n    ")
    recipient = message.recipient.translate(_CONTROLS).replace("\n", " ")
    return f"→ {recipient}: {shown}\n"
