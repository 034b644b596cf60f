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
    "shell_expand",
    "shell_options",
    "shell_asking",
    "shell_python",
    "shell_code",
    "shell_builtins",
    "shell_text",
    "shell_files",
    "shell_git",
    "shell_search",
    "shell_elsewhere",
    "shell_services",
    "shell_runners",
    "shell_table",
    "shell",
    "powershell",
    "inputs",
    "tools",
    "main",
)
