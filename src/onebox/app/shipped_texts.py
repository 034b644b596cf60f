"""The texts of a salon's dialogue that come with Onebox."""

from __future__ import annotations

from importlib.resources import files


def shipped_texts() -> dict[str, str]:
    """The catalogues of Fluent, by language: `en`, `de`, …"""
    folder = files("onebox.booking") / "texts"
    return {
        file.name.removesuffix(".ftl"): file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".ftl")
    }
