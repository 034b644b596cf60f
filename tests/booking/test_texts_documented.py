"""Every text stands in the reference with its values and what it says in English, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onebox.app.shipped_texts import shipped_texts
from onebox.booking.reading import read_salon
from onebox.booking.saying.checking import check_texts, contract_of

DOCS = Path(__file__).parents[2] / "docs"
SHIPPED = shipped_texts()


def listed() -> list[str]:
    """The rows that the page must have."""
    texts = dict(re.findall(r"^([a-z-]+) =((?:.|\n(?= |\}))*)", SHIPPED["en"], re.MULTILINE))
    values = {
        key: ", ".join(
            f"`{function}(${name})`" if function else f"`${name}`" for name, function in sorted(uses.written)
        )
        for key, uses in contract_of(SHIPPED["en"]).items()
    }
    return [f"| `{key}` | {values[key] or 'none'} | `{' '.join(texts[key].split())}` |" for key in values]


def test_the_page_has_every_text_and_no_other() -> None:
    rows = [line for line in (DOCS / "reference/texts.md").read_text().splitlines() if line.startswith("| `")]

    assert rows == listed()


@pytest.mark.parametrize("page", ["guides/languages.md", "reference/booking.md"])
def test_texts_of_examples_have_no_faults(page: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    for block in blocks:
        salon, faults = read_salon("booking.yaml", block)
        assert salon is not None, faults
        assert salon.texts
        assert check_texts("booking.yaml", block, salon, SHIPPED) == []


def test_the_guides_fault_is_what_is_told() -> None:
    text = (DOCS / "guides/languages.md").read_text()
    block = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    slip = block.replace("greeting: |\n      Grüß Gott im Salon Olena!", "greeting: |\n      Grüß Gott, { $client }!")
    salon, _ = read_salon("booking.yaml", slip)
    assert salon is not None

    told = [str(fault) for fault in check_texts("booking.yaml", slip, salon, SHIPPED)]

    assert [f"    {line}" for line in told] == [
        line for line in text.splitlines() if line.startswith("    booking.yaml:")
    ]
