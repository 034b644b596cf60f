"""What validators say in words of their own."""

from __future__ import annotations

from typing import LiteralString

from pydantic_core import PydanticCustomError


def wrong(code: LiteralString, message: str) -> PydanticCustomError:
    """What a validator raises: the message is shown as it is, without pydantic's words around it."""
    return PydanticCustomError(code, "{reason}", {"reason": message})
