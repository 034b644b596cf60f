"""Every key of `booking.yaml` stands in the reference with its default, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onebox.booking.shapes import GapFields, PolicyFields, SalonFields, ServiceFields, StaffFields

if TYPE_CHECKING:
    from pydantic import BaseModel

PAGE = (Path(__file__).parents[2] / "docs/reference/booking.md").read_text()
SHAPES: dict[str, type[BaseModel]] = {
    "The file": SalonFields,
    "`policies`": PolicyFields,
    "`staff`": StaffFields,
    "`services`": ServiceFields,
    "`gap`": GapFields,
}


def table(title: str) -> dict[str, str]:
    """Key and default of each row of a section's table."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {title}"
    return dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|", found[1], re.MULTILINE))


@pytest.mark.parametrize("title", SHAPES)
def test_the_page_has_every_key_and_no_other(title: str) -> None:
    assert list(table(title)) == list(SHAPES[title].model_fields)


@pytest.mark.parametrize("title", SHAPES)
def test_defaults_are_as_documented(title: str) -> None:
    for name, field in SHAPES[title].model_fields.items():
        said = table(title)[name]

        assert (said == "required") == field.is_required()
        if said.startswith("`"):
            assert said == f"`{field.default}`"
