"""`.claude/kit.json`: what the kit put into a repository, so that just that can be taken out again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from onebox import __version__
from onebox.assistant.place import MANIFEST
from onebox.assistant.settings import Put
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = 1


class ManifestUnreadable(OneboxError):
    """`.claude/kit.json` is there, and is not what the kit wrote."""

    code: ClassVar[str] = "kit_manifest"


@dataclass(frozen=True)
class Manifest:
    """`stack` was found from the folder `here` (relative to the root) on, `wanted` was asked for. Hashes are sha256, in
    hex. `part` is the hash of the kit's part of CLAUDE.md without the rules that were learnt, None where a person's own part was left; `before` is the white space that was put before it; `made` names the
    files of a person's (CLAUDE.md, the settings) that were not there before; `folders` those that were made."""

    stack: str
    wanted: str = "auto"
    here: str = "."
    files: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None
    before: str = ""
    settings: Put = field(default_factory=Put)
    made: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def text(self) -> str:
        put = self.settings
        document = {
            "about": "what `onebox kit init` put here; `onebox kit remove` takes out just that",
            "kit": _FORMAT,
            "onebox": __version__,
            "stack": self.stack,
            "wanted": self.wanted,
            "here": self.here,
            "files": dict(self.files),
            "claude_md": {"part": self.part, "before": self.before},
            "settings": {
                "entries": [[list(path), item] for path, item in put.entries],
                "made": [list(path) for path in put.made],
                "insertions": [list(each) for each in put.insertions],
                "sha256": put.sha256,
            },
            "made": list(self.made),
            "folders": list(self.folders),
        }
        return f"{_spread(document)}\n"


def _spread(value: Any, around: str = "") -> str:
    """JSON in lines that git can compare: what is in an object, and each item of a list, has a line of its own."""
    inner = f"{around}  "
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(name)}: {_spread(part, inner)}" for name, part in value.items()]
        return "{\n" + ",\n".join(f"{inner}{line}" for line in lines) + f"\n{around}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{inner}{json.dumps(part, ensure_ascii=False)}" for part in value) + f"\n{around}]"
    return json.dumps(value, ensure_ascii=False)


def read_manifest(data: bytes | None) -> Manifest | None:
    """What a manifest says; None if there is none. Raises ManifestUnreadable."""
    if data is None:
        return None
    try:
        document = json.loads(data)
        version = document["kit"]
        if version > _FORMAT:
            raise ManifestUnreadable(
                f"{MANIFEST} is of format {version}, and this Onebox ({__version__}) knows {_FORMAT}",
                hint="use the Onebox that wrote it, or a newer one",
            )
        return _manifest(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestUnreadable(
            f"{MANIFEST} cannot be read: {error!r}",
            hint=f"bring it back from git (git checkout -- {MANIFEST}); or delete it and run onebox kit init",
        ) from None


def _manifest(document: dict[str, Any]) -> Manifest:
    put = document["settings"]
    return Manifest(
        stack=str(document["stack"]),
        wanted=str(document["wanted"]),
        here=str(document.get("here", ".")),
        files={str(name): str(sha) for name, sha in document["files"].items()},
        part=document["claude_md"]["part"],
        before=str(document["claude_md"]["before"]),
        settings=Put(
            [(tuple(path), item) for path, item in put["entries"]],
            [tuple(path) for path in put["made"]],
            [(int(at), int(length)) for at, length in put["insertions"]],
            str(put["sha256"]),
        ),
        made=tuple(document["made"]),
        folders=tuple(document["folders"]),
    )


def sha_of(data: bytes | str) -> str:
    """The hash that a manifest has of a file. git may end lines otherwise on another machine: that is no edit."""
    data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
