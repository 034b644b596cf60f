"""Why a document is not read."""

from __future__ import annotations


class Refused(Exception):
    """It is no feed, or none that is read. The text says what was found."""
