"""In which order the modules are put together; the last one is what runs."""

from __future__ import annotations

ORDER = (
    "patterns",
    "ways",
    "reach",
    "places",
    "tokens",
    "shell_words",
    "shell_quotes",
    "shell_lexer",
    "shell_reader",
    "shell_asking",
    "shell_expand",
    "shell_options",
    "shell_python",
    "shell_code",
    "shell_table",
    "shell_builtins",
    "shell_files",
    "shell_search",
    "shell_git",
    "shell_runners",
    "shell",
    "powershell",
    "tools",
    "main",
)
