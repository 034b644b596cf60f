"""Expressions: `${…}` in flow files, and templates in files beside them."""

from __future__ import annotations

from onebox.flows.expressions.failure import ExpressionFailed, ExpressionInvalid
from onebox.flows.expressions.filters import as_text
from onebox.flows.expressions.formula import (
    Constant,
    compile_expression,
    compile_value,
    is_constant,
    names,
    references,
)
from onebox.flows.expressions.rewrite import RESERVED, Reference
from onebox.flows.expressions.template import Template, compile_template, render_template_text

__all__ = [
    "RESERVED",
    "Constant",
    "ExpressionFailed",
    "ExpressionInvalid",
    "Reference",
    "Template",
    "as_text",
    "compile_expression",
    "compile_template",
    "compile_value",
    "is_constant",
    "names",
    "references",
    "render_template_text",
]
