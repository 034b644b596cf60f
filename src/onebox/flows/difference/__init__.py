"""What changed between two versions of a box's flows and settings, and what of it deserves a second look."""

from __future__ import annotations

from onebox.flows.difference.box import Box, TableText, compare
from onebox.flows.difference.findings import Change, Finding, Part, Reason, Risk, Spot
from onebox.flows.difference.flows import FlowText

__all__ = ["Box", "Change", "Finding", "FlowText", "Part", "Reason", "Risk", "Spot", "TableText", "compare"]
