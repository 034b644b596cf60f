"""The exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onebox.kernel.errors import OneboxError


class Exit(IntEnum):
    """What a command ends with."""

    ok = 0
    """done"""
    fault = 1
    """a fault was found, a run failed, or the box refused"""
    usage = 2
    """the command itself is wrong"""
    no_box = 3
    """there is no box, or its files, settings, secrets or database cannot be opened"""
    wrong_version = 4
    """the box's database is not of this release's version, or lacks files of tables/: `onebox migrate`"""
    no_answer = 5
    """the box does not run, or did not answer or end in time"""
    no_log = 6
    """a log could not be opened, or nothing in it looks like one"""
    interrupted = 130
    """Ctrl-C"""


_BY_CODE = {
    "box_not_found": Exit.no_box,
    "settings_invalid": Exit.no_box,
    "secrets_unreadable": Exit.no_box,
    "cannot_open": Exit.no_box,
    "database_held": Exit.no_box,
    "log_unreadable": Exit.no_log,
    "wrong_version": Exit.wrong_version,
    "tables_waiting": Exit.wrong_version,
}


def exit_of(error: OneboxError) -> Exit:
    """What a command ends with that met this error."""
    return _BY_CODE.get(error.code, Exit.fault)
