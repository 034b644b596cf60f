"""The ledger of rules: whether it can be read, and whether the patches that proved its checks are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import Fault
from onebox.assistant.rules import LEDGER, Ledger, LedgerInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ledger_faults(project: Path) -> Iterator[Fault]:
    """None where nothing was learnt yet. How the rules themselves stand, `onebox kit rules` tells."""
    try:
        rules = Ledger(project).rules
    except LedgerInvalid as invalid:
        yield Fault("ledger_unread", invalid.message, LEDGER, invalid.hint or "mend the file by hand")
        return
    for rule in rules:
        if rule.violation and not (project / rule.violation).is_file():
            yield Fault("violation_missing", f"the patch that proved its check is not there: {rule.violation}",
                        f"{LEDGER}:{rule.line}", f"git checkout -- {rule.violation}")  # fmt: skip
