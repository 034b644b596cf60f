"""In which order the modules are put together; the last one is what runs."""

from __future__ import annotations

ORDER = (
    "patterns",
    "ways",
    "reach",
    "places",
    "tokens",
    "words",
    "lexer",
    "shell",
    "powershell",
    "tools",
    "main",
)
