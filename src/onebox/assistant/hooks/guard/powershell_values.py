"""What a value of PowerShell may be: a list of texts and things, and what its operators make of them."""

from __future__ import annotations

import itertools
import re

from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Union

    from onebox.assistant.hooks.guard.powershell_lexer import Syntax

    Item = Union[str, "Listing", "Table", "Block"]
    Items = list[Item]

MOST_VALUES = 24
MOST_ITEMS = 1000
LONGEST_PATTERN = 300
LONGEST_VALUE = 300_000


class FileItem(str):
    """A path as `Get-Item` gives it: whoever is handed this opens the file, and not the text."""

    __slots__ = ()


class TemplateText(str):
    """What is in a template, or has been made of that."""

    __slots__ = ()


class Series(list):  # type: ignore[type-arg]
    """Items that are one list for certain, where others may be what one text may be."""

    __slots__ = ()


class Listing:
    """The files of a folder, as `Get-ChildItem` gives them.

    kept: the conditions that they were sifted by; tops: a folder that is left out is so with all that is in it."""

    __slots__ = ("deep", "folder", "kept", "names", "tops", "without")

    def __init__(
        self,
        folder: str,
        *,
        deep: bool,
        names: tuple[str, ...] | None = None,
        without: tuple[str, ...] = (),
        kept: tuple[Syntax, ...] = (),
        tops: bool = False,
    ) -> None:
        self.folder = folder
        self.tops = tops
        self.deep = deep
        self.names = names
        self.without = without
        self.kept = kept


class Table:
    """A hashtable, or an object that was made of one."""

    __slots__ = ("given",)

    def __init__(self, given: dict[str, Items]) -> None:
        self.given = given


class Block:
    """A script block."""

    __slots__ = ("body",)

    def __init__(self, body: Syntax) -> None:
        self.body = body


def as_texts(items: Items) -> list[str]:
    """A thing that is no text counts as a part that cannot be known."""
    return [item if isinstance(item, str) else ANY for item in items]


def concatenated(parts: list[list[str]]) -> list[str]:
    """Each way to put the alternatives of the parts together."""
    ways = itertools.islice(itertools.product(*[part or [""] for part in parts]), MOST_VALUES)
    return list(dict.fromkeys("".join(way)[:LONGEST_VALUE] for way in ways))


def number_of(text: str) -> int | None:
    try:
        return int(text, 0) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return None


def told(truth: bool | None) -> Items:
    return [ANY] if truth is None else [str(truth)]


def truth_of(items: Items) -> bool | None:
    """None when that is not known."""
    if not items:
        return False
    if len(items) > 1 or not isinstance(items[0], str):
        return True
    return None if ANY in items[0] else items[0] not in {"", "False", "0"}


# ---- operators


def operator_value(name: str, left: Items, right: Items) -> Items:
    """The value of a binary operator."""
    plain_name = name[1:] if name[0] in "ic" and name[1:] in COMPARISONS else name
    if plain_name in COMPARISONS:
        return told(compared(plain_name, as_texts(left), as_texts(right)))
    if name in {"and", "or", "xor"}:
        return told(both(name, truth_of(left), truth_of(right)))
    made = MAKERS.get(name.lstrip("ic") if name.lstrip("ic") in {"replace", "split"} else name)
    try:
        found: Items = made(left, right) if made is not None else [ANY]
    except (ValueError, IndexError, OverflowError):
        return [ANY]
    return bounded(found)


def bounded(items: Items) -> Items:
    """The same, with no text so long that a few more of its kind would fill the memory."""
    if all(not isinstance(item, str) or len(item) <= LONGEST_VALUE for item in items):
        return items
    return [item[:LONGEST_VALUE] if isinstance(item, str) else item for item in items]


def both(name: str, left: bool | None, right: bool | None) -> bool | None:
    decides = name == "or"
    if name != "xor" and decides in {left, right}:
        return decides
    if left is None or right is None:
        return None
    return left != right if name == "xor" else left


def compared(name: str, left: list[str], right: list[str]) -> bool | None:
    """None when that is not known."""
    if any(ANY in text or not text.isprintable() for text in left + right) or not (left and right):
        return None
    turned = name.startswith("not") or name == "ne"
    kind = {"ne": "eq", "notlike": "like", "notmatch": "match", "notin": "in", "notcontains": "contains"}.get(
        name, name
    )
    try:
        found = COMPARISONS[kind](left, right)
    except (re.error, ValueError):
        return None
    return found != turned


def is_like(left: list[str], right: list[str]) -> bool:
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in right[0])
    return any(re.fullmatch(f"(?is){pattern}", text) for text in left)


def is_match(left: list[str], right: list[str]) -> bool:
    if len(right[0]) > LONGEST_PATTERN:
        raise ValueError(right[0])
    return any(re.search(f"(?i){right[0]}", text[:2000]) for text in left)


COMPARISONS: dict[str, Callable[[list[str], list[str]], bool]] = {
    "eq": lambda left, right: right[0].lower() in {text.lower() for text in left},
    "contains": lambda left, right: right[0].lower() in {text.lower() for text in left},
    "in": lambda left, right: left[0].lower() in {text.lower() for text in right},
    "like": is_like,
    "match": is_match,
    "gt": lambda left, right: int(left[0]) > int(right[0]),
    "ge": lambda left, right: int(left[0]) >= int(right[0]),
    "lt": lambda left, right: int(left[0]) < int(right[0]),
    "le": lambda left, right: int(left[0]) <= int(right[0]),
}
COMPARISONS.update(
    dict.fromkeys(("ne", "notlike", "notmatch", "notin", "notcontains"), COMPARISONS["eq"]),
)


def added(left: Items, right: Items) -> Items:
    """Two texts as one; two lists one after the other. Which of both is meant is not always known."""
    if isinstance(left, Series):
        return Series(left + right)
    if len(left) == 1 and isinstance(left[0], Table):
        tables = [item.given for item in [*left, *right] if isinstance(item, Table)]
        return [Table({name: value for given in tables for name, value in given.items()})]
    if any(not isinstance(item, str) for item in left + right):
        return left + right
    found: Items = list(concatenated([as_texts(left), as_texts(right)]))
    numbers = [number_of(text) for text in as_texts(left + right)]
    if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
        found.append(str(numbers[0] + numbers[1]))
    return found if len(left) == 1 and len(right) == 1 else left + right + found[:MOST_VALUES]


def multiplied(left: Items, right: Items) -> Items:
    times = number_of(as_texts(right)[0]) if right else None
    text = as_texts(left)[0] if left else ""
    if times is None or not 0 <= times <= MOST_ITEMS:
        return [ANY]
    number = number_of(text)
    return [str(number * times)] if number is not None else [(text * times)[:MOST_ITEMS]]


def formatted_text(left: Items, right: Items) -> Items:
    """`'{0}{1}' -f '.e', 'nv'`"""
    values = as_texts(right)
    pattern = r"\{(\d{1,2})[^{}]{0,20}\}"

    def value(found: re.Match[str]) -> str:
        return values[int(found[1])] if int(found[1]) < len(values) else ""

    made = [re.sub(pattern, value, text).replace("{{", "{").replace("}}", "}") for text in as_texts(left)]
    return [*made]


def joined(left: Items, right: Items) -> Items:
    """`'.e', 'nv' -join ''`"""
    between = as_texts(right)[0] if right else ""
    return [between.join(as_texts(left))]


def split_up(left: Items, right: Items) -> Items:
    between = as_texts(right)[0] if right else r"\s+"
    if ANY in between or len(between) > LONGEST_PATTERN:
        return [ANY]
    try:
        pieces = [piece for text in as_texts(left) for piece in re.split(between, text.strip())]
    except re.error:
        return [ANY]
    return [*pieces[:MOST_ITEMS]]


def replaced_by(left: Items, right: Items) -> Items:
    words = as_texts(right)
    pattern, new = (words or [""])[0], words[1] if len(words) > 1 else ""
    if ANY in pattern or len(pattern) > LONGEST_PATTERN:
        return [ANY]
    new = re.sub(r"\$\{?(\d)\}?", r"\\g<\1>", new.replace("\\", "\\\\"))
    try:
        return [
            item if not isinstance(item, str) or isinstance(item, TemplateText) else re.sub(f"(?i){pattern}", new, item)
            for item in left
        ]
    except (re.error, IndexError):
        return [ANY]


def ranged(left: Items, right: Items) -> Items:
    """`1..4`, `'a'..'f'`"""
    ends = [as_texts(side)[0] if side else "" for side in (left, right)]
    numbers = [number_of(end) for end in ends]
    letters = numbers[0] is None and all(len(end) == 1 for end in ends)
    first, last = (ord(end) for end in ends) if letters else numbers
    if first is None or last is None or abs(first - last) > MOST_ITEMS:
        return [ANY]
    found = range(first, last + 1) if first <= last else range(first, last - 1, -1)
    return [chr(number) if letters else str(number) for number in found]


def counted(name: str) -> Callable[[Items, Items], Items]:
    def of(left: Items, right: Items) -> Items:
        numbers = [number_of(as_texts(side)[0]) if side else None for side in (left, right)]
        one, other = numbers
        if one is None or other is None:
            return [ANY]
        found = {"-": one - other, "bxor": one ^ other, "band": one & other, "bor": one | other}
        return [str(found[name])]

    return of


MAKERS: dict[str, Callable[[Items, Items], Items]] = {
    "+": added,
    "*": multiplied,
    "f": formatted_text,
    "join": joined,
    "split": split_up,
    "replace": replaced_by,
    "..": ranged,
    "??": lambda left, right: left + right,
    "?": lambda _left, right: right,
    "as": lambda left, _right: left,
    **{name: counted(name) for name in ("-", "bxor", "band", "bor")},
}


def indexed(items: Items, index: Items) -> Items:
    """Some of the items, of one text some of its letters, of a table the value."""
    words = as_texts(index)
    if len(items) == 1 and isinstance(items[0], Table):
        return [value for word in words for value in items[0].given.get(word.lower(), [])] or [ANY]
    text = items[0] if len(items) == 1 and not isinstance(items, Series) else None
    of_letters = isinstance(text, str) and not isinstance(text, FileItem) and ANY not in text
    series: Items = list(as_texts(items)[0]) if of_letters else items
    found: Items = []
    for word in words[:MOST_ITEMS]:
        at = number_of(word)
        if at is None:
            return items
        if -len(series) <= at < len(series):
            found.append(series[at])
    # Of what is only known in part, any may be the one.
    return found if ANY not in as_texts(items) or any(not isinstance(item, str) for item in found) else items


def cast(kind: str, items: Items) -> Items:
    """`[char]46`, `[string]$x`, `[pscustomobject]@{…}`"""
    bare = kind.lower().rpartition(".")[2]
    if bare in {"char", "char[]"}:
        found: Items = []
        for text in as_texts(items):
            number = number_of(text)
            found += list(text) if number is None else [chr(number)] if 0 <= number < 0x110000 else []
        return found
    if bare in {"int", "int32", "byte", "long", "int64"}:
        return [str(ord(text)) if len(text) == 1 and not text.isdigit() else text for text in as_texts(items)]
    if bare in {"void", "bool"}:
        return []
    return items
