"""How the Bot API says no."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A method was not carried out. `parameters` as the Bot API adds them: `retry_after`, `migrate_to_chat_id`."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def told(self) -> dict[str, Any]:
        """The body of the answer."""
        told: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        return {**told, "parameters": self.parameters} if self.parameters else told


def bad(what: str) -> Refused:
    """A request that is wrong."""
    return Refused(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refused:
    """A request that is right and may not be."""
    return Refused(403, f"Forbidden: {what}")


def conflict(what: str) -> Refused:
    """A second one that asks for updates."""
    return Refused(409, f"Conflict: {what}")


QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
