"""The order in which the modules of this hook become one file: what is used comes before what uses it."""

from __future__ import annotations

ORDER = (
    "faults",
    "processes",
    "checkout",
    "memory",
    "programs",
    "survey",
    "syntax",
    "python_code",
    "go_code",
    "typescript_code",
    "php_code",
    "box_flows",
    "rules_kept",
    "report",
    "edited",
    "stopped",
    "main",
)
