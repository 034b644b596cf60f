"""The kit's part of a CLAUDE.md, between two markers. What stands around it is a person's, and stays byte by byte."""

from __future__ import annotations

from onebox.assistant.place import KitRefused

BEGIN = "<!-- onebox kit: begin -->"
END = "<!-- onebox kit: end -->"
LEARNT = "## Learnt from failures"
"""the heading of the rules that `onebox kit learn` added; it stands last in the kit's part"""


def kit_part(text: str) -> str | None:
    """What stands between the markers, with line feeds alone; None if there is no kit's part."""
    found = _span(text)
    if found is None:
        return None
    begin, end = found
    return text[begin + len(BEGIN) : end - len(END)].replace("\r\n", "\n").strip("\n") + "\n"


def with_part(text: str, part: str) -> str:
    """The text with this as the kit's part: in the place of the one that is there, else behind all else.
    Rules that were learnt stay in it."""
    learnt = learnt_rules(text)
    whole = _joined(part, learnt)
    newline = _newline(text)
    block = f"{BEGIN}\n{whole}{END}".replace("\n", newline)
    found = _span(text)
    if found is not None:
        return text[: found[0]] + block + text[found[1] :]
    return text + space_before(text) + block + newline


def lost_marker(text: str) -> tuple[int, str] | None:
    """Of a part that only one of the markers tells of: the line of that one, and the other, which is not there."""
    if _span(text) is not None:
        return None
    for marker, other in ((BEGIN, END), (END, BEGIN)):
        if marker in text:
            return text.count("\n", 0, text.find(marker)) + 1, other
    return None


def refuse_half_a_part(text: str) -> None:
    """Raises KitRefused where one of the markers stands alone: a second part beside it would say everything twice, and
    take what stands between the two for the kit's."""
    if lost := lost_marker(text):
        raise KitRefused(
            f"CLAUDE.md:{lost[0]}: of the two lines that stand around the kit's part this one is there alone",
            hint=f"put the other where it was: {lost[1]}; or delete this one and what is the kit's, then try again",
        )


def space_before(text: str) -> str:
    """What is put between a text and a kit's part that is new in it."""
    newline = _newline(text)
    if not text.removeprefix("\ufeff"):
        return ""
    return newline if text.endswith("\n") else newline * 2


def without_part(text: str, *, before: str | None = None, keep_rules: bool = False) -> str:
    """The text without the kit's part. `before` is what `space_before` gave when it was put in; what of it still
    stands there goes, too. With `keep_rules` the rules that were learnt stay, under their heading."""
    found = _span(text)
    if found is None:
        return text
    newline = _newline(text)
    learnt = learnt_rules(text)
    head, tail = text[: found[0]], text[found[1] :]
    if keep_rules and learnt:
        return head + "\n".join((LEARNT, "", *learnt)).replace("\n", newline) + tail
    if before is None or (before and not head.endswith(before)):
        before = newline
    head = head.removesuffix(before)
    tail = tail.removeprefix(newline)
    return head + (newline if tail and head and not head.endswith("\n") else "") + tail


def own_part(text: str) -> str | None:
    """The kit's part without the rules that were learnt; None if there is no kit's part."""
    part = kit_part(text)
    return None if part is None else part.partition(LEARNT)[0].strip("\n") + "\n"


def learnt_rules(text: str) -> list[str]:
    """The lines of the rules that were learnt, each with its `- `."""
    _, heading, lines = (kit_part(text) or "").partition(f"{LEARNT}\n")
    return [line for line in lines.splitlines() if line.startswith("- ")] if heading else []


def with_rule(text: str, line: str) -> str:
    """The text with this rule (one line, with or without `- `) as the last that was learnt; the same if it is there."""
    line = _as_item(line)
    learnt = learnt_rules(text)
    return text if line in learnt else _with_learnt(text, [*learnt, line])


def without_rule(text: str, line: str) -> str:
    """The text without this rule; the same if it is not there."""
    line = _as_item(line)
    learnt = learnt_rules(text)
    return _with_learnt(text, [each for each in learnt if each != line]) if line in learnt else text


def _with_learnt(text: str, learnt: list[str]) -> str:
    part = own_part(text) or ""
    bare = text
    found = _span(text)
    if found is not None:  # so that with_part finds no rules of old
        bare = text[: found[0]] + BEGIN + END + text[found[1] :]
    return with_part(bare, _joined(part, learnt))


def _joined(part: str, learnt: list[str]) -> str:
    part = part.strip("\n")
    if not learnt:
        return f"{part}\n"
    lines = "\n".join((LEARNT, "", *learnt))
    return f"{part}\n\n{lines}\n" if part else f"{lines}\n"


def _as_item(line: str) -> str:
    line = " ".join(line.split())
    return line if line.startswith("- ") else f"- {line}"


def _span(text: str) -> tuple[int, int] | None:
    """Where the kit's part begins, and where it ends, markers included."""
    begin = text.find(BEGIN)
    end = text.find(END, begin)
    return (begin, end + len(END)) if begin >= 0 and end >= 0 else None


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
