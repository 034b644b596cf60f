"""What names that people give to things may look like."""

from __future__ import annotations

ID_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*$"
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
PATTERNS = {
    NAME_PATTERN: "a name of small letters, digits, - and _",
    ID_PATTERN: "a name of letters, digits and _ that begins with a letter",
}
"""each in words"""
