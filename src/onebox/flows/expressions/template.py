"""Texts that live in files of their own: `${…}` for values, `{% for %}` and `{% if %}` for what repeats or may be left
out. A block tag alone on its line leaves no line behind. Nothing is escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from minijinja import TemplateError

from onebox.flows.expressions.engine import ENVIRONMENT, compiles, failed, reason
from onebox.flows.expressions.failure import ExpressionFailed, ExpressionInvalid
from onebox.flows.expressions.rewrite import Reference, quote, rewrite
from onebox.flows.expressions.scan import closing
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(r"\$\$\{|\$\{|\{%|\{#")
_TAG = re.compile(r"\s*([a-z]+)\b")
_TAG_END = re.compile(r"""(?:[^'"%]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|%(?!\}))*%\}""", re.DOTALL)
_LINE_END = re.compile(r"[ \t]*(\r?\n|\Z)")
_TAGS = frozenset("for endfor if elif else endif set endset with endwith filter endfilter".split())


class Template:
    """A compiled text. Calling it renders it under a scope. `references` are the names that it needs from there,
    with offsets in its text."""

    __slots__ = ("_code", "_roots", "name", "references")

    def __init__(self, name: str, code: str, references: tuple[Reference, ...]) -> None:
        self.name = name
        self.references = references
        self._code = code
        self._roots = frozenset(str(reference.keys[0]) for reference in references)

    def __call__(self, scope: Mapping[str, Any]) -> str:
        """The text, without its last line's end. Raises ExpressionFailed."""
        values = {root: scope[root] for root in self._roots if root in scope}
        for keys, guarded, _offset in self.references:
            if not guarded and keys[0] not in values:
                raise ExpressionFailed(
                    self.name, f"there is no {keys[0]!r} here", hint=suggestion(str(keys[0]), scope.keys())
                )
        try:
            text: str = ENVIRONMENT.render_str(self._code, **values)
        except Exception as error:  # noqa: BLE001  whatever a filter raises is the template's failure
            failure = failed(error, "")
            source = ": ".join(part for part in (self.name, failure.source) if part)
            raise ExpressionFailed(source, failure.reason, hint=failure.hint) from None
        return text.removesuffix("\n")


def compile_template(text: str, name: str = "") -> Template:
    """Raises ExpressionInvalid, with the offset in the text."""
    parts: list[str] = []
    references: list[Reference] = []
    position = 0
    while match := _MARK.search(text, position):
        parts.append(text[position : match.start()])
        code, position = _mark(text, match, references)
        if code.startswith("{%"):
            code, position = _own_line(parts, code, text, match.start(), position)
        parts.append(code)
    parts.append(text[position:])
    code = "".join(parts)
    _parses(code)
    free = ENVIRONMENT.undeclared_variables_in_str(code)
    return Template(name, code, tuple(found for found in references if found.keys[0] in free))


def render_template_text(text: str, scope: Mapping[str, Any]) -> str:
    """Renders a text once. Raises ExpressionInvalid, ExpressionFailed."""
    return compile_template(text)(scope)


def _mark(text: str, match: re.Match[str], references: list[Reference]) -> tuple[str, int]:
    mark, inside = match.group(), match.end()
    if mark == "$${":
        return "${'${'}", inside
    if mark == "${":
        end = closing(text, inside)
        return _value(text[inside:end], inside, references), end + 1
    if mark == "{#":
        return _comment(text, match)
    end_match = _TAG_END.match(text, inside)
    if end_match is None:
        message = "a {% is never closed by %}"
        raise ExpressionInvalid(message, offset=match.start())
    return _block(text[inside : end_match.end() - 2], inside, references), end_match.end()


def _value(code: str, offset: int, references: list[Reference]) -> str:
    rewritten = _rewritten(code, offset, references)
    try:
        compiles(rewritten, code, ())
    except ExpressionInvalid as error:
        raise ExpressionInvalid(error.message, offset=offset, hint=error.hint) from None
    return f"${{({rewritten})|as_text({quote(f'${{{code.strip()}}}')})}}"


def _comment(text: str, match: re.Match[str]) -> tuple[str, int]:
    end = text.find("#}", match.end())
    if end < 0:
        message = "a comment {# is never closed by #}"
        raise ExpressionInvalid(message, offset=match.start())
    return text[match.start() : end + 2], end + 2


def _block(inside: str, offset: int, references: list[Reference]) -> str:
    trimmed_left = "-" if inside.startswith("-") else ""
    trimmed_right = "-" if inside.endswith("-") else ""
    body = inside[len(trimmed_left) : len(inside) - len(trimmed_right)]
    word = _TAG.match(body)
    if word is None or word.group(1) not in _TAGS:
        name = word.group(1) if word else body.strip()
        message = f"there is no tag {{% {name} %}} in a template"
        raise ExpressionInvalid(message, offset=offset, hint=suggestion(name, _TAGS))
    rest = body[word.end() :]
    start = offset + len(trimmed_left) + word.end()
    code = _rewritten(rest, start, references) if rest.strip() else ""
    lines = "\n" * body.count("\n")  # so that minijinja's line numbers stay the author's
    return f"{{%{trimmed_left} {word.group(1)} {code}{lines} {trimmed_right}%}}"


def _rewritten(code: str, offset: int, references: list[Reference]) -> str:
    try:
        rewritten = rewrite(code, mode="template")
    except ExpressionInvalid as error:
        raise ExpressionInvalid(error.message, offset=offset + error.offset, hint=error.hint) from None
    references.extend(found._replace(offset=found.offset + offset) for found in rewritten.references)
    return rewritten.code


def _own_line(parts: list[str], code: str, text: str, start: int, end: int) -> tuple[str, int]:
    """Takes the white space around a tag that stands alone on its line; the line's end moves into the tag."""
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    line_end = _LINE_END.match(text, end)
    if indent.strip(" \t") or line_end is None:
        return code, end
    parts[-1] = parts[-1].removesuffix(indent)
    return code.replace("{%", "{%\n", 1) if line_end[1] else code, line_end.end()


def _parses(code: str) -> None:
    try:
        ENVIRONMENT.add_template("template", code)  # the one name, so that nothing piles up
    except TemplateError as error:
        line = getattr(error, "line", None) or 1
        offset = sum(len(part) for part in code.splitlines(keepends=True)[: line - 1])
        raise ExpressionInvalid(reason(error), offset=offset) from None
