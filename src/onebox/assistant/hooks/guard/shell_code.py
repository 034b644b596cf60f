"""Programs in other languages inside of a command: the texts in them are asked as paths, and as commands."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_quotes import unescape
from onebox.assistant.hooks.guard.shell_words import ANY, ONE, STAR, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.shell import Shell

MOST_LITERALS = 300
LONGEST_CODE = 30_000
LITERAL = (
    r"(?s)'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`"
    r"|(?<!\w)(?:q|qq|qw|qx|%w|%q|%Q|%x)\s?[({\[/|]([^)}\]/|\n]{0,300})[)}\]/|]|<([\w./~*?-]{1,200})>"
)
GLUE = r"\s*(?:\+|\.|\|\|)?\s*"
CHARACTERS = (
    r"(?:chr|String\.fromCharCode|fromCodePoint)"
    r"\(\s*((?:0x[0-9a-fA-F]{1,6}|\d{1,7})(?:\s*,\s*(?:0x[0-9a-fA-F]{1,6}|\d{1,7})){0,200})\s*\)"
)
JOINED = (
    r"\[\s*((?:'[^'\\\n]{0,200}'|\"[^\"\\\n]{0,200}\")(?:\s*,\s*(?:'[^'\\\n]{0,200}'|\"[^\"\\\n]{0,200}\")){0,60})"
    r"\s*,?\s*\]\s*\.join\b"
)
WRITES = (
    r"write|unlink|remove|rename|rmtree|rmdir|copy|move|chmod|replace|truncate|append|delete|dump|save|mkdir|touch"
    r"|symlink|fs\.rm|['\"][wax]b?\+?['\"]|>"
)
LOADS_ENVIRONMENT = (
    r"(?s)dotenv_values|(?:load_dotenv|read_env).{1,2000}(?:environ|getenv|print)|dotenv.{1,40}config.*process\.env"
    r"|decouple.{1,200}config\("
)
REMOVES = r"rm(?:Sync|dir|tree)?\(|unlink|remove|rename|rimraf|move\(|fs\.rm|rm_rf|rm_r|delete"
RUNS = r"system|popen|subprocess|exec|spawn|passthru|proc_open|backtick|`|%x|qx|check_output|getoutput|\bsh\b|run\(|shell|cmd"
LISTS = r"listdir|scandir|os\.walk|iterdir|readdir|rglob|glob|Dir\[|Dir\.|opendir|scandir"
READS = r"open|read|File\b|slurp|get_contents|cat\b"
ONLY_NAMED = r"(?:exists|isfile|existsSync|is_file|file_exists|exist\?|isdir)\s*\(?\s*$"


def ask_code(shell: Shell, language: str, code: str, *, words_too: bool = False, depth: int = 0) -> None:
    r"""`words_too`: bare words may be files as well, as in SQL's `\\copy` or an editor's `:r`."""
    code = code[:LONGEST_CODE]
    writes = bool(re.search(WRITES, code))
    for text in texts_of(language, code):
        ask_literal(shell, text, code, writes, depth)
        if re.search(REMOVES, code):
            shell.ask(text, writes=True, removes=True)
    if re.search(LOADS_ENVIRONMENT, code):
        shell.ask(".env")
    if words_too:
        for word in re.split(r"[\s|;:()<>'\"]+", code)[:MOST_LITERALS]:
            shell.ask_shapes(word.lstrip("+\\"), writes=writes)
        for command in re.findall(r"(?:^|[\s:])!\s*([^\n]{1,500})", code)[:5]:
            shell.run_apart(command, "")
        for command in re.findall(r"\.(?:shell|system)\s+([^\n]{1,500})", code)[:5]:
            shell.run_apart(command, "")


def ask_literal(shell: Shell, text: str, code: str, writes: bool, depth: int) -> None:
    if not text.strip(ANY) or len(text) > 4096:
        return
    if " " in text and "/" not in text and shell.is_missing(text):
        # A sentence; `*.env` would match one that ends so.
        pass
    elif ANY in text or not ("*" in text or "?" in text):
        shell.ask(text, writes=writes)
    elif re.search(LISTS, code):
        shell.ask(text.replace("**/", "").replace("*", STAR).replace("?", ONE), writes=writes)
    else:
        shell.ask(text, writes=writes)
    if text in {".", "./"} and re.search(LISTS, code) and re.search(READS, code) and "*" not in code:
        shell.ask_names(Names("."), writes=writes)
    if depth < 3 and "(" in text and ("exec" in code or "eval" in code):
        ask_code(shell, "python", text, depth=depth + 1)
    if re.search(r"\s", text.strip()) and re.search(RUNS, code) and not language_text(text):
        shell.run_apart(text, "")


def language_text(text: str) -> bool:
    """A long text with many lines is data, rather than a command."""
    return text.count("\n") > 40


def texts_of(language: str, code: str) -> list[str]:
    if language == "python":
        from onebox.assistant.hooks.guard.shell_python import python_texts

        texts = python_texts(code)
        if texts is not None:
            return texts[:MOST_LITERALS]
    return literals(code)


def literals(code: str) -> list[str]:
    """The texts of a program, those that are put together taken as one too."""
    code = re.sub(CHARACTERS, from_codes, code)
    found: list[str] = [
        "".join(re.findall(r"['\"]([^'\"]*)['\"]", joined.group(1))) for joined in re.finditer(JOINED, code)
    ]
    folded: tuple[str, int] = ("", -1)
    for literal in re.finditer(LITERAL, code):
        text = unescape(next(group for group in literal.groups() if group is not None))
        glue = re.compile(GLUE).match(code, folded[1]) if folded[1] >= 0 else None
        together = glue is not None and glue.end() == literal.start()
        if together:
            folded = (folded[0] + text, literal.end())
            found.append(folded[0])
        else:
            folded = (text, literal.end())
        if not re.search(ONLY_NAMED, code[max(0, literal.start() - 40) : literal.start()]):
            found.append(text)
        if " " in text and literal.group(4) is not None:
            found.extend(text.split())
        if "${" in text or "#{" in text or "$" in text:
            found.append(re.sub(r"[$#]\{[^}]{0,200}\}|\$\w+", ANY, text))
        if len(found) > MOST_LITERALS:
            break
    return found


def from_codes(call: re.Match[str]) -> str:
    numbers = [int(number, 0) for number in re.findall(r"0x[0-9a-fA-F]+|\d+", call.group(1))]
    return "'" + "".join(chr(number) for number in numbers if 32 <= number < 127 and number not in {39, 92}) + "'"
