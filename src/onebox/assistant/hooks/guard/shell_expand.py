"""What the words of a command become: variables, substitutions, braces; each with all that it may be."""

from __future__ import annotations

import fnmatch
import re

from onebox.assistant.hooks.guard.shell_quotes import unescape
from onebox.assistant.hooks.guard.shell_words import ANY, BRACKET, CLOSE, COMMA, ONE, OPEN, STAR, Beyond, Pipe, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.shell import Shell
    from onebox.assistant.hooks.guard.shell_words import Part

MOST_ALTERNATIVES = 12
# More are no list that a person writes.
MOST_FIELDS = 2000
LONGEST_TEXT = 200_000
LONGEST_SUM = 200
VARIABLE = r"(?<!\w)[A-Za-z_]\w{0,40}"
SUM = r"[-+]?\d{1,6}(?:[-+*]\d{1,6}){0,5}"
SEQUENCE = r"(?:(-?\d{1,6})\.\.(-?\d{1,6})|([A-Za-z.])\.\.([A-Za-z.]))(?:\.\.(-?\d{1,4}))?"


def expand(shell: Shell, word: list[Part]) -> list[list[str]]:
    """The alternatives of a word, each a list of fields."""
    if len(word) == 1 and word[0].kind == "text":
        return [with_braces([word[0].text])]
    alternatives = joined_parts(shell, word, split=True)
    solid = any(part.kind == "text" or part.quoted for part in word)
    return [with_braces([field for field in fields if field or solid]) for fields in alternatives]


def expand_text(shell: Shell, word: list[Part]) -> list[str]:
    """The alternatives of a word that is not split: an assigned value, a here-document, a redirection's target."""
    return [without_braces("".join(fields)) for fields in joined_parts(shell, word, split=False)]


def joined_parts(shell: Shell, word: list[Part], *, split: bool) -> list[list[str]]:
    alternatives: list[list[str]] = [[""]]
    for part in word:
        values = values_of(shell, part, split=split)
        if len(values) == 1 and len(alternatives) == 1:
            append_fields(alternatives[0], values[0])
            continue
        grown = []
        for fields in alternatives:
            for value in values:
                copy = list(fields)
                append_fields(copy, value)
                grown.append(copy)
        alternatives = grown[:MOST_ALTERNATIVES]
    return alternatives


def append_fields(fields: list[str], more: list[str]) -> None:
    if not more:
        return
    fields[-1] += more[0]
    if len(fields[-1]) > LONGEST_TEXT:
        raise Beyond("a value grows too long")
    if len(more) > 1:
        fields.extend(more[1:])
    if len(fields) > MOST_FIELDS:
        raise Beyond("too many fields")


def values_of(shell: Shell, part: Part, *, split: bool) -> list[list[str]]:
    if part.kind == "text":
        return [[part.text]]
    if part.kind == "run":
        output = shell.captured(part.body).rstrip("\n")[:LONGEST_TEXT]
        return [fields_of(shell, output, split=split and not part.quoted)]
    if part.kind == "pipe":
        return [[shell.refer(Pipe(shell.captured(part.body, "" if part.text == "<" else ANY)))]]
    if part.kind == "sum":
        return [[number] for number in map(sum_of, numbers_for(shell, expand_text(shell, part.word)))]
    return variable_values(shell, part, split=split and not part.quoted)


def fields_of(shell: Shell, text: str, *, split: bool) -> list[str]:
    if not split:
        return [text]
    words = [live_again(field) for field in shell.separated(text)[: MOST_FIELDS + 1]]
    if text[:1].isspace():
        words.insert(0, "")
    if text[-1:].isspace():
        words.append("")
    return words


def live_again(text: str) -> str:
    """What an unquoted expansion gives is globbed by the shell."""
    if "*" in text or "?" in text or "[" in text:
        return text.replace("*", STAR).replace("?", ONE).replace("[", BRACKET)
    return text


def variable_values(shell: Shell, part: Part, *, split: bool) -> list[list[str]]:
    name, _, index = part.text.partition("[")
    if name in {"@", "*"} or index or (name in shell.state.arrays and name not in shell.state.variables):
        array = shell.state.arguments if name in {"@", "*"} else shell.state.arrays.get(name)
        if array is None:
            return [[value] for value in shell.lookup(name) or [ANY]]
        if part.operator == "#":
            return [[ANY]]
        if index and index[:-1].isdigit() and int(index[:-1]) < len(array):
            array = [array[int(index[:-1])]]
        if name == "*" or index == "*]":
            glue = (shell.state.variables.get("IFS") or (" ",))[0][:1] if part.quoted else " "
            return [[glue.join(array)]] if part.quoted or not split else [array]
        return [array if split or part.quoted else [" ".join(array)]]
    values = shell.lookup(name)
    results = apply_operator(shell, part, values)
    return [fields_of(shell, value, split=split) for value in results]


def apply_operator(shell: Shell, part: Part, values: list[str] | None) -> list[str]:
    operator = part.operator
    if not operator:
        return [ANY] if values is None else values
    if operator == "!":
        names = [ANY] if values is None else values
        return [value for name in names for value in shell.lookup(name) or [ANY]][:MOST_ALTERNATIVES]
    if operator == ":":
        # What is not a number yet: `${x:n:2}`.
        words = [":".join(numbers_for(shell, text.split(":"))) for text in expand_text(shell, part.word)]
        return [changed_value(value, operator, word) for value in values or [ANY] for word in words]
    words = expand_text(shell, part.word)
    if operator.lstrip(":") in {"-", "=", "?", "+"}:
        return defaulted(shell, part, values, words)
    if values is None or len(words) != 1:
        return [ANY]
    return [changed_value(value, operator, words[0]) for value in values]


def defaulted(shell: Shell, part: Part, values: list[str] | None, words: list[str]) -> list[str]:
    kind = part.operator[-1]
    if kind == "+":
        return words if values is None or any(values) else [""]
    if kind == "?":
        return [ANY] if values is None else values
    if kind == "=" and values is None:
        shell.state.variables[part.text] = tuple(words)
    if values is None:
        # Unknown: it may be what the environment says, or else the word.
        return words
    return [value for value in values if value] or words


def changed_value(value: str, operator: str, word: str) -> str:
    """`${x#…}`, `${x%…}`, `${x/…/…}`, `${x:1:2}`, `${x^^}`, of a known value."""
    if ANY in value or len(value) > 300:
        return ANY
    if operator in {"#", "##", "%", "%%"}:
        return trimmed(value, operator, plain(word))
    if operator in {"/", "//"}:
        return replaced(value, plain(word), 0 if operator == "//" else 1)
    if operator == ":":
        start, _, length = word.partition(":")
        start, length = sum_of(start.strip() or "0"), sum_of(length.strip()) if length.strip() else ""
        if ANY in start + length:
            return ANY
        rest = value[int(start) :]
        return rest[: int(length)] if length else rest
    if operator == "@":
        return {"L": value.lower(), "U": value.upper(), "E": unescape(value), "Q": f"'{value}'"}.get(word, value)
    if operator in {"^^", ",,", "^", ","}:
        return value.lower() if operator[0] == "," else value.upper()
    return ANY


def replaced(value: str, word: str, count: int) -> str:
    """`${x/old/new}`, where `old` is a pattern, at the start with `#`, at the end with `%`."""
    old, _, new = word.partition("/")
    anchor = old[:1] if old[:1] in {"#", "%"} else ""
    old = old[len(anchor) :]
    if not old or old.count("*") > 1:
        return ANY if old else new + value if anchor == "#" else value + new
    pattern = fnmatch.translate(old.replace("[^", "[!"))
    pattern = pattern[: pattern.rindex(")") + 1]
    pattern = {"#": r"\A" + pattern, "%": pattern + r"\Z"}.get(anchor, pattern)
    return re.sub(pattern, lambda _: new, value, count=count)


def numbers_for(shell: Shell, texts: list[str]) -> list[str]:
    """Sums with the numbers that their variables are."""

    def number(name: re.Match[str]) -> str:
        return next(iter(shell.lookup(name.group()) or [ANY]))

    return [re.sub(VARIABLE, number, text) if len(text) < LONGEST_SUM else ANY for text in texts]


def sum_of(text: str) -> str:
    """A sum of known numbers as the number; else `ANY`."""
    total, sign, rest = 0, 1, text.replace(" ", "")
    if not re.fullmatch(SUM, rest):
        return ANY
    for piece in re.findall(r"[-+]|[^-+]+", rest):
        if piece in {"-", "+"}:
            sign = -1 if piece == "-" else 1
            continue
        product = 1
        for factor in piece.split("*"):
            product *= int(factor)
        total += sign * product
    return str(total)


def trimmed(value: str, operator: str, pattern: str) -> str:
    ends = range(len(value) + 1)
    longest = len(operator) == 2
    if operator[0] == "#":
        for end in reversed(ends) if longest else ends:
            if fnmatch.fnmatchcase(value[:end], pattern):
                return value[end:]
    else:
        for start in ends if longest else reversed(ends):
            if fnmatch.fnmatchcase(value[start:], pattern):
                return value[:start]
    return value


# ---- braces


def with_braces(fields: list[str]) -> list[str]:
    if all(field.isascii() or OPEN not in field for field in fields):
        return [without_braces(field) for field in fields]
    return [without_braces(piece) for field in fields for piece in expand_braces(field, 0)][: 2 * MOST_FIELDS]


def without_braces(field: str) -> str:
    if field.isascii():
        return field
    return field.replace(OPEN, "{").replace(COMMA, ",").replace(CLOSE, "}")


def expand_braces(field: str, depth: int) -> list[str]:
    start = field.find(OPEN)
    if start < 0 or depth > 6:
        return [field]
    end, commas = matching_brace(field, start)
    if end < 0:
        return [field]
    cuts = [start, *commas, end]
    if commas:
        pieces = [field[a + 1 : b] for a, b in zip(cuts, cuts[1:])]
    else:
        pieces = brace_sequence(field[start + 1 : end]) or ["{" + field[start + 1 : end] + "}"]
    tails = expand_braces(field[end + 1 :], depth + 1)
    heads = [inner for piece in pieces[:64] for inner in expand_braces(piece, depth + 1)]
    return [field[:start] + head + tail for head in heads for tail in tails][:64]


def matching_brace(field: str, start: int) -> tuple[int, list[int]]:
    depth = 0
    commas: list[int] = []
    for at in range(start, len(field)):
        character = field[at]
        if character == OPEN:
            depth += 1
        elif character == COMMA and depth == 1:
            commas.append(at)
        elif character == CLOSE:
            depth -= 1
            if depth == 0:
                return at, commas
    return -1, commas


def brace_sequence(text: str) -> list[str]:
    """`{1..3}`, `{a..c}`."""
    found = re.fullmatch(SEQUENCE, text)
    if not found:
        return []
    low, high, first, last, step = found.groups()
    stride = abs(int(step)) if step else 1
    start, end = (int(low), int(high)) if low is not None else (ord(first), ord(last))
    numbers = range(start, end + 1, stride or 1) if start <= end else range(start, end - 1, -(stride or 1))
    return [str(number) if low is not None else chr(number) for number in numbers[:64]]
