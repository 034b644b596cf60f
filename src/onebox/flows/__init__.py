"""Flows: what they say (definition), what may be wrong (check), what comes next (machine)."""
