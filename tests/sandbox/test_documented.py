"""Every method, act and trouble stands in the reference, and no method that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from onebox.sandbox.telegram.methods.table import METHODS
from onebox.sandbox.telegram.people import People as PeopleOfTelegram
from onebox.sandbox.trouble import Trouble
from onebox.sandbox.whatsapp.contents import KINDS
from onebox.sandbox.whatsapp.people import People as PeopleOfWhatsApp

PAGE = (Path(__file__).parents[2] / "docs/reference/sandbox.md").read_text()
NAMED = set(re.findall(r"`([\w.]+)`", PAGE))


def test_every_method_is_documented() -> None:
    methods = {name for name, _ in METHODS.values()}
    told = re.search(r"\| Methods \|.*?\n\n", PAGE, re.DOTALL)
    assert told is not None

    assert set(re.findall(r"`(\w+)`", told[0])) == methods


def test_every_kind_of_message_is_documented() -> None:
    assert set(KINDS) - NAMED == set()


def test_every_act_is_documented() -> None:
    assert {*PeopleOfTelegram.ACTS, *PeopleOfWhatsApp.ACTS, "reset", "forward", "flood", "trouble"} - NAMED == set()


def test_every_trouble_is_documented() -> None:
    assert {one.name for one in fields(Trouble)} - {"met"} - NAMED == set()
