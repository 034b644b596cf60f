"""States of a box that can be compared: of its folder, of a git revision, of the box that runs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from onebox.app.catalogue import catalogue
from onebox.app.folder import SECRETS, SETTINGS
from onebox.app.plain_settings import mark_of, plain_settings, without_passwords
from onebox.app.revisions import LARGEST, as_text
from onebox.app.settings import check_settings
from onebox.flows.definition import FlowLoader
from onebox.flows.difference import Box, FlowText, TableText, compare
from onebox.flows.kinds import Nature
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.encoding import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from onebox.app.folder import BoxFolder
    from onebox.flows.difference import Part
    from onebox.storage.table_files import TableFile

_FOLDERS = ("flows", "templates", "tables", "code")
_FLOW = re.compile(r"flows/[^/]+(?<!\.test)\.yaml")
_TABLE = re.compile(r"tables/[^/]+\.sql")
_CODE = re.compile(r"code/.+\.py")
_NAMED_FILE = re.compile(r"""\b(?:template|file): *["']?([\w./-]+)""")
_QUIET = (Nature.pure, Nature.stop, Nature.fail)
_NAME = re.compile(r"^flow: *([\w-]+)", re.MULTILINE)


def differences(before: Box, after: Box) -> list[Part]:
    """What changed between two states."""
    quiet = {name for name, kind in catalogue().steps.items() if kind.nature in _QUIET} | {"log"}
    return compare(before, after, lambda kind: kind not in quiet)


def read_folder(folder: BoxFolder) -> dict[str, str]:
    """The texts of a box's files as they lie there now, by their paths within the box. Raises OSError."""
    found = {}
    for file in [folder.settings, folder.secrets, *_below(folder)]:
        if file.is_file() and file.stat().st_size <= LARGEST:
            name = as_text(os.fsencode(file.relative_to(folder.path)))
            found[name] = as_text(file.read_bytes())
    return found


def _below(folder: BoxFolder) -> Iterator[Path]:
    for name in _FOLDERS:
        for file in sorted((folder.path / name).rglob("*")):
            hidden = any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(folder.path).parts)
            if not hidden:
                yield file


def state_of(files: Mapping[str, str]) -> Box:
    """The state that these files describe."""
    text = files.get(SETTINGS, "")
    settings, _ = check_settings(text)
    return Box(
        flows=_flows(files),
        settings=None if settings is None else plain_settings(settings),
        settings_text=without_passwords(text),
        secrets=secret_marks(files.get(SECRETS, "")),
        tables={name: TableText(mark_of(one), one) for name, one in files.items() if _TABLE.fullmatch(name)},
        code={name.removeprefix("code/"): one for name, one in files.items() if _CODE.fullmatch(name)},
    )


def running_state(answer: Mapping[str, Any], texts: Mapping[str, str], applied: Mapping[str, str]) -> Box:
    """The state of a box that runs: its answer to `versions`, the kept texts of its flows by their versions, and the
    digests of its table files by their names."""
    return Box(
        flows=[_kept(name, texts.get(version)) for name, version in answer["flows"].items()],
        settings=answer.get("settings"),
        secrets=answer.get("secrets"),
        tables={name: TableText(digest) for name, digest in applied.items()},
    )


def _kept(name: str, bundle: str | None) -> FlowText:
    if bundle is None:
        return FlowText(name, f"flows/{name}.yaml", "", sound=False)
    kept = from_json(bundle)
    return FlowText(name, kept["file"], kept["text"], kept["files"])


def tables_by_name(files: list[TableFile]) -> dict[str, TableText]:
    """As a database keeps them in mind."""
    return {file.name: TableText(file.digest, file.text) for file in files}


def secret_marks(text: str) -> dict[str, str] | None:
    """The names in secrets.yaml, each with a mark that changes when it is set anew; None if it cannot be read."""
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return {}
    try:
        found = read_document(SECRETS, text).value
    except DocumentInvalid:
        return None
    return {str(name): mark_of(str(token)) for name, token in found.items()} if isinstance(found, dict) else None


def _flows(files: Mapping[str, str]) -> list[FlowText]:
    sources = {name: text for name, text in files.items() if _FLOW.fullmatch(name)}
    beside = _companion(files)
    loader = FlowLoader(catalogue(), None, beside, lambda: list(files))
    flows = {flow.file: flow for flow in loader.load(sources).flows}
    found = []
    for file, text in sources.items():
        flow = flows.get(file)
        if flow is None:
            found.append(FlowText(_guessed_name(file, text), file, text, _guessed_files(text, beside), sound=False))
        else:
            found.append(FlowText(flow.name, file, text, from_json(flow.bundle)["files"]))
    return found


def _companion(files: Mapping[str, str]) -> Callable[[str], str | None]:
    """As `BoxFolder.companion` finds them."""
    return lambda name: files.get(name, files.get(f"templates/{name.removeprefix('flows/')}"))


def _guessed_files(text: str, beside: Callable[[str], str | None]) -> dict[str, str]:
    """The files that a faulty flow seems to name."""
    found = {name: beside(f"flows/{name}") for name in _NAMED_FILE.findall(text)}
    return {name: one for name, one in found.items() if one is not None}


def _guessed_name(file: str, text: str) -> str:
    found = _NAME.search(text)
    return found[1] if found else file.removeprefix("flows/").removesuffix(".yaml")
