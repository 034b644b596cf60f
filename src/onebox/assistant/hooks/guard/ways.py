"""All the names of a file that a path leads to: as it is written, and behind each link on the way."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINKS = 40
_DIGITS = "0123456789abcdefABCDEF"
_WINDOWS = os.name == "nt"


def absolute(path: str, cwd: str, home: str, *, windows: bool = False) -> str:
    """The path from the root, with `/` between its parts; `..` is left in, since behind a link it leads elsewhere."""
    # Whoever opens it may stop at a NUL.
    path = path.partition("\0")[0]
    if path[:5].lower() == "file:":
        path = _of_address(path)
    if windows or _WINDOWS:
        path = path.replace("\\", "/")
    if path.startswith("~"):
        path = _from_home(path, home)
    stream = path.lower().find("::$")
    path = path[:stream] if stream > 0 else path
    path = _own_process(path, cwd)
    if not path.startswith("/") and path[1:3] != ":/":
        path = cwd.replace("\\", "/") + "/" + path if _WINDOWS else cwd + "/" + path
    return path


def without_percents(text: str) -> str:
    """`%2e` as `.`."""
    first, *pieces = text.encode("utf-8", "surrogateescape").split(b"%")
    made = first
    for piece in pieces:
        digits = piece[:2].decode("ascii", "replace")
        whole = len(digits) == len("2e") and all(digit in _DIGITS for digit in digits)
        made += bytes.fromhex(digits) + piece[2:] if whole else b"%" + piece
    return made.decode("utf-8", "surrogateescape")


def names(path: str) -> Iterator[str]:
    """Every name, from the root, `..` resolved: the path as written first, the file itself last."""
    yield os.path.normpath(path).replace("\\", "/") if _WINDOWS else os.path.normpath(path)
    if _WINDOWS:
        yield os.path.realpath(path).replace("\\", "/")
        return
    ahead, behind, links = path.split("/")[::-1], "", 0
    while ahead:
        part = ahead.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            behind = behind.rpartition("/")[0]
            continue
        target = _target(behind + "/" + part)
        if target is None:
            behind += "/" + part
            continue
        links += 1
        if links > _MOST_LINKS:
            return
        behind = "" if target.startswith("/") else behind
        ahead.extend(target.split("/")[::-1])
        yield os.path.normpath(behind + "/" + "/".join(reversed(ahead)))
    yield behind or "/"


def parts_below(path: str, folder: str) -> list[str] | None:
    """The parts of a path within a folder; None when it lies elsewhere. Both as `names` gives them; case does not matter."""
    if folder == "/":
        return path.strip("/").split("/")
    if path.lower() == folder.lower():
        return []
    if not path.lower().startswith(folder.lower() + "/"):
        return None
    return path[len(folder) + 1 :].split("/")


def _target(path: str) -> str | None:
    # What the shell's own descriptors lead to is another thing in this process.
    if path.startswith(("/dev/fd/", "/dev/std", "/proc/")):
        return None
    try:
        return os.readlink(path)
    except (OSError, ValueError):
        return None


def _of_address(path: str) -> str:
    rest = path[5:]
    if rest.startswith("//"):
        host, slash, local = rest[2:].partition("/")
        rest = slash + local if host.lower() in {"", "localhost", "127.0.0.1"} else "//" + host + slash + local
    rest = without_percents(rest.partition("?")[0].partition("#")[0])
    return rest[1:] if rest[2:4] == ":/" else rest


def _from_home(path: str, home: str) -> str:
    who, slash, rest = path.partition("/")
    if who == "~":
        return home + slash + rest
    if who in {"~+", "~-"}:
        return "." + slash + rest
    found = os.path.expanduser(who)
    return found + slash + rest if found != who else path


def _own_process(path: str, cwd: str) -> str:
    """`/proc/self/cwd/x` is x; in this process `self` is someone else."""
    if not path.startswith("/") or "/proc/" not in path:
        return path
    pieces = os.path.normpath(path).lstrip("/").split("/")
    if pieces[0] != "proc":
        return path
    inside = pieces[4:] if pieces[2:3] == ["task"] else pieces[2:]
    if inside[:1] == ["cwd"]:
        return "/".join([cwd, *inside[1:]])
    if inside[:1] == ["root"]:
        return _own_process("/" + "/".join(inside[1:]), cwd)
    return path
