"""Adds a case to the text of a test file; what stands there stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yaml.nodes import SequenceNode

from onebox.flows.testing.recording import CannotRecord
from onebox.flows.testing.yaml_text import yaml_lines
from onebox.kernel.document import read_document

if TYPE_CHECKING:
    from collections.abc import Mapping


def case_text(case: Mapping[str, Any], indent: int = 0) -> str:
    """One item of the list that a test file is."""
    pad = " " * indent
    return "".join(f"{pad}{line}\n" if line else "\n" for line in yaml_lines([dict(case)]))


def with_case(file: str, text: str, case: Mapping[str, Any]) -> str:
    """The text with one more case at its end. Raises DocumentInvalid, CannotRecord."""
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return _ended(text) + case_text(case)
    root = read_document(file, text).root
    if not isinstance(root, SequenceNode) or root.flow_style:
        hint = "write its cases as a list of items that begin with `- name:`"
        raise CannotRecord(f"{file} is no list that a case could be added to", hint=hint)
    return _ended(text) + case_text(case, root.start_mark.column)


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"
