"""Boxes of the shipped templates, pointed at servers of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.starting import make_box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def template_box(
    path: Path, names: Sequence[str], *, secrets: Mapping[str, str], settings: Mapping[str, str]
) -> BoxFolder:
    """A new box of these templates. `settings`: what stands in box.yaml, and what stands there instead."""
    made = make_box(path, names)
    assert made.secrets.keys() == secrets.keys(), "each secret that the templates name, and no other"
    vault = Vault(BoxFolder(path), {})
    for name, value in secrets.items():
        vault.set(name, value)
    folder = BoxFolder(path)
    text = folder.settings.read_text()
    for shipped, local in settings.items():
        assert shipped in text, f"box.yaml has no {shipped!r}"
        text = text.replace(shipped, local)
    folder.settings.write_text(text)
    return folder
