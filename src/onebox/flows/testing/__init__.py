"""Tests of flows: what a case says, and what a run that does nothing for real makes of it."""
