"""Programs in other languages inside of a command: the texts in them are asked as paths, and as commands."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_quotes import unescape
from onebox.assistant.hooks.guard.shell_words import ANY, ONE, STAR, Beyond, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.shell import Shell

MOST_LITERALS = 3000
LONGEST_CODE = 130_000
LITERAL = (
    r"(?s)'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`"
    r"|(?<!\w)(?:q|qq|qw|qx|%w|%q|%Q|%x)\s?[({\[/|]([^)}\]/|\n]{0,300})[)}\]/|]|<([\w./~*?-]{1,200})>"
)
GLUE = r"\s*(?:(?:\+|\.|\|\|)?|\.concat\(|;\s*\$?\w{1,30}\s*(?:\.|\+|<)[=<])\s*"
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
    r"|symlink|py_compile|fs\.rm|['\"][wax]b?\+?['\"]|>"
)
LOADS_ENVIRONMENT = (
    r"(?s)dotenv_values|(?:load_dotenv|read_env).{1,2000}(?:environ|getenv|print)|dotenv.{1,40}config.*process\.env"
    r"|decouple.{1,200}config\("
)
REMOVES = r"rm(?:Sync|dir|tree)?\(|unlink|remove|rename|rimraf|move\(|fs\.rm|rm_rf|rm_r|delete"
RUNS = r"system|popen|subprocess|exec|spawn|passthru|proc_open|backtick|`|%x|qx|check_output|getoutput|\bsh\b|run\(|shell|cmd"
LISTS = r"listdir|scandir|os\.walk|iterdir|readdir|rglob|glob|Dir\[|Dir\.|opendir|scandir"
# The folder itself, where no text says it.
LISTS_HERE = (
    r"(?:listdir|scandir|walk)\(\s*(?:\)|os\.(?:getcwd\(|curdir)|getcwd\()|(?:Path\(\s*|cwd\(\s*)\)\.(?:iterdir|walk)"
    r"|(?:readdirSync|readdir|readDirSync)\(\s*(?:process|Deno)\.cwd\(|Dir\.(?:children|entries|each_child)\(?\s*Dir\.pwd"
)
ENDS_WITH = r"(?:endswith|endsWith|end_with\?)\(\s*['\"]([\w.]{1,40})['\"]"
ENCODED = r"(?:atob\(|Buffer\.from\(|decode64\(|base64_decode\(|decode_base64\()\s*['\"]([A-Za-z0-9+/=_-]{4,4000})['\"]"
READS = r"open\b|open\(|read(?!dir)|File\b|slurp|get_contents|cat\b"
ONLY_NAMED = r"(?:exists|isfile|existsSync|is_file|file_exists|exist\?|isdir)\s*\(?\s*$"


def ask_code(shell: Shell, language: str, code: str, *, words_too: bool = False, depth: int = 0) -> None:
    r"""`words_too`: bare words may be files as well, as in SQL's `\\copy` or an editor's `:r`."""
    if len(code) > LONGEST_CODE:
        raise Beyond("a program of that length")
    seems = Program(code)
    texts = list(dict.fromkeys(texts_of(language, code)))
    if len(texts) > MOST_LITERALS:
        raise Beyond("a program with so many texts")
    for text in texts:
        ask_literal(shell, text, seems, depth)
        if seems.removes:
            shell.ask(text, writes=True, removes=True)
    if re.search(LISTS_HERE, code) and seems.reads and not seems.starred:
        ends = tuple("*" + end for end in re.findall(ENDS_WITH, code))
        shell.ask_names(Names(".", names=ends or None), writes=seems.writes)
    if re.search(LOADS_ENVIRONMENT, code):
        shell.ask(".env")
    if words_too:
        for word in re.split(r"[\s|;:()<>'\"]+", code)[:MOST_LITERALS]:
            shell.ask_shapes(word.lstrip("+\\").replace("*", STAR).replace("?", ONE), writes=seems.writes)
        for command in re.findall(r"(?:^|[\s:])!\s*([^\n]{1,500})", code)[:5]:
            shell.run_apart(command, "")
        for command in re.findall(r"\.(?:shell|system)\s+([^\n]{1,500})", code)[:5]:
            shell.run_apart(command, "")


class Program:
    """What a program seems to do."""

    __slots__ = ("globs_angles", "lists", "reads", "removes", "runs", "runs_texts", "starred", "writes")

    def __init__(self, code: str) -> None:
        self.writes = bool(re.search(WRITES, code))
        self.removes = bool(re.search(REMOVES, code))
        self.lists = bool(re.search(LISTS, code))
        self.reads = bool(re.search(READS, code))
        self.runs = bool(re.search(RUNS, code))
        self.runs_texts = "exec" in code or "eval" in code
        self.starred = "*" in code
        self.globs_angles = re.search(r"<[\w./~]*\*", code) is not None


def ask_literal(shell: Shell, text: str, seems: Program, depth: int) -> None:
    writes = seems.writes
    if not text.strip(ANY) or len(text) > 4096:
        return
    if " " in text and "/" not in text and shell.is_missing(text):
        # A sentence; `*.env` would match one that ends so.
        pass
    elif text.startswith(".") and seems.globs_angles and "*" in text:
        shell.ask(text.replace("*", STAR).replace("?", ONE), writes=writes)
    elif ANY in text or not ("*" in text or "?" in text):
        shell.ask(text, writes=writes)
    elif seems.lists:
        shell.ask(text.replace("**/", "").replace("*", STAR).replace("?", ONE), writes=writes)
    else:
        shell.ask(text, writes=writes)
    if text in {".", "./"} and seems.lists and seems.reads and not seems.starred:
        shell.ask_names(Names("."), writes=writes)
    if depth < 3 and "(" in text and seems.runs_texts:
        ask_code(shell, "python", text, depth=depth + 1)
    if re.search(r"\s", text.strip()) and seems.runs and not language_text(text):
        shell.run_apart(text, "")


def language_text(text: str) -> bool:
    """A long text with many lines is data, rather than a command."""
    return text.count("\n") > 40


def texts_of(language: str, code: str) -> list[str]:
    if language == "python":
        from onebox.assistant.hooks.guard.shell_python import python_texts

        texts = python_texts(code)
        if texts is not None:
            return texts
    return literals(code)


def literals(code: str) -> list[str]:
    """The texts of a program, those that are put together taken as one too."""
    import base64

    code = re.sub(CHARACTERS, from_codes, code)
    found: list[str] = [
        "".join(re.findall(r"['\"]([^'\"]*)['\"]", joined.group(1))) for joined in re.finditer(JOINED, code)
    ]
    for encoded in re.findall(ENCODED, code):
        try:
            decoded_text = base64.b64decode(encoded + "==", "-_" if "-" in encoded or "_" in encoded else None)
        except ValueError:
            continue
        found.append(decoded_text.decode("utf-8", "replace"))
    folded: tuple[str, int] = ("", -1)
    for literal in re.finditer(LITERAL, code):
        text = unescape(next(group for group in literal.groups() if group is not None))
        glue = re.compile(GLUE).fullmatch(code, folded[1], literal.start()) if folded[1] >= 0 else None
        together = glue is not None
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
