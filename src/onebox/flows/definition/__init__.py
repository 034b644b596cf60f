"""The definition of flows: from YAML files to plans, with every fault at its place."""

from __future__ import annotations

from onebox.flows.check import Names
from onebox.flows.definition.fields import FlowModel, Given, Verbatim, is_expression
from onebox.flows.definition.loader import BundleInvalid, FlowLoader, Loaded
from onebox.flows.definition.schema import json_schema
from onebox.kernel.faults import Fault
from onebox.kernel.fields import Duration

__all__ = [
    "BundleInvalid",
    "Duration",
    "Fault",
    "FlowLoader",
    "FlowModel",
    "Given",
    "Loaded",
    "Names",
    "Verbatim",
    "is_expression",
    "json_schema",
]
