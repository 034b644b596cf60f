"""Which places are guarded: the secrets of the list, and what guards them."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.patterns import fold, matcher
from onebox.assistant.hooks.guard.reach import beneath, in_git, matching, passed_over, root_of, unchanged
from onebox.assistant.hooks.guard.ways import absolute, names, parts_below, without_percents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onebox.assistant.hooks.guard.patterns import Pattern, SecretList

_GUARDS = (["settings.json"], ["settings.local.json"], ["secrets.txt"])
_RUNS_GUARD = {"sh", "python3", "git"}
_LONGEST_SHOWN = 80
_ENOUGH = 50
# What a package manager has put there is published: names such as `.env` and `test_key.pem` in it are examples.
_PACKAGES = ("/node_modules/", "/site-packages/", "/bower_components/")
_VENDORED = ("/modules.txt", "/autoload.php")
_OF_TEMPLATES = (".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".defaults")


class Places:
    """Answers for one call. `project` and `home` are folders from the root; `roots` are further roots of the same
    project, such as a work tree that the assistant works in; `own` are folders of the guard's own, such as where its
    bytecode is kept; `programs`: folders in which the programs that run it are looked for."""

    def __init__(
        self,
        project: str,
        home: str,
        secrets: SecretList,
        roots: Sequence[str] = (),
        own: Sequence[str] = (),
        programs: Sequence[str] = (),
    ) -> None:
        self.project = os.path.normpath(project)
        self.home = os.path.normpath(home)
        self.secrets = secrets
        self._homes = _both(self.home)
        self._roots = [name for root in (self.project, *roots) for name in _both(os.path.normpath(root))]
        self._programs = programs
        self._own = [name for folder in own for name in _both(os.path.normpath(folder))]

    def reason(
        self, path: str, *, cwd: str, writes: bool = False, removes: bool = False, windows: bool = False
    ) -> str | None:
        r"""Why this path must be left alone, as one clause; None when it is harmless.

        writes: the guard's own files are asked for too; removes: it is removed or moved, so that folders which hold them
        count as well; windows: `\\` parts a path."""
        if not path:
            return None
        said = self._shown(os.path.normpath(path)) if path.startswith("/") else path
        said = said if len(said) <= _LONGEST_SHOWN else "…" + said[1 - _LONGEST_SHOWN :]
        found = self._secret(path, cwd, windows)
        if found is not None:
            return f"`{said}` {found}"
        if writes or removes:
            found = self._guards(path, cwd, removes=removes, windows=windows)
            if found is not None:
                return f"`{said}` {found}"
        return None

    def glob(
        self, word: str, *, cwd: str, writes: bool = False, removes: bool = False, dotglob: bool = False
    ) -> str | None:
        """The same for all that a word with live `*`, `?` or `[…]` may mean; what was quoted has a backslash before it."""
        found = False
        for path in matching(absolute(word, cwd, self.home), dotglob=dotglob):
            found = True
            said = self.reason(path, cwd=cwd, writes=writes, removes=removes)
            if said is not None:
                return f"`{word}` means {said}"
        folder, slash, last = word.rpartition("/")
        if found or not last.startswith((".", "\\.", "[.]")):
            return None
        # Nothing is there yet, and what makes it may stand earlier on the same line.
        means = matcher(last)
        for name in self.secrets.names():
            if "/" not in name and means(fold(name)):
                said = self.reason(folder + slash + name, cwd=cwd, writes=writes)
                if said is not None:
                    return f"`{word}` may mean {said}"
        return None

    def tree(
        self,
        folder: str,
        *,
        cwd: str,
        writes: bool = False,
        hidden: bool = True,
        ignored: bool = True,
        names: Sequence[str] | None = None,
        without: Sequence[str] = (),
        changed: bool = False,
        follows: bool = True,
    ) -> str | None:
        """A secret that is on the disk in this folder, or is it; with writes also what guards them.

        hidden=False: names with a dot before them are passed over; ignored=False: what git ignores is; names: only files
        whose name one of these globs matches; without: not those; changed: not what git keeps as it is. The walk is
        bounded, passes over `.git` and `node_modules`; follows: of links it asks where they lead."""
        start = absolute(folder, cwd, self.home)
        if not os.path.isdir(start):
            return self.reason(folder, cwd=cwd, writes=writes)
        said = self._secret(folder, cwd, windows=False) if hidden and ignored and names is None else None
        if said is not None:
            return f"`{folder}` {said}"
        start = os.path.realpath(start)
        wanted = [matcher(name) for name in names] if names is not None else None
        unwanted = [matcher(name) for name in without]
        found: list[tuple[str, str]] = []
        links: list[str] = []
        for path, is_folder in beneath(start, hidden=hidden, links=links if follows else None):
            name = fold(os.path.basename(path))
            if wanted is not None and (is_folder or not any(match(name) for match in wanted)):
                continue
            if unwanted and any(match(fold(part)) for part in path[len(start) + 1 :].split("/") for match in unwanted):
                continue
            said = self._secret(path, cwd, False) if path in links[-1:] else self._rule(path, folder=is_folder)
            if said is None and writes and not is_folder:
                said = self._guard_of(path, removes=False)
            if said is not None:
                found.append((path, said))
                if (ignored and not changed) or len(found) >= _ENOUGH:
                    break
        if not ignored and found:
            left_out = passed_over(start, [path for path, _ in found])
            found = [each for each in found if each[0] not in left_out]
        if changed and found:
            left_out = unchanged(start, [path for path, _ in found])
            found = [each for each in found if each[0] not in left_out]
        return f"in `{folder}`, `{os.path.relpath(found[0][0], start)}` {found[0][1]}" if found else None

    def _suspects(self, start: str, *, hidden: bool) -> Iterator[tuple[str, bool]]:
        above: dict[str, bool] = {}
        for path, is_folder in beneath(start, hidden=hidden):
            folder, _, last = path.rpartition("/")
            if folder not in above:
                above[folder] = self.may_guard(folder)
            if above[folder] or self.may_guard(last):
                yield path, is_folder

    def may_guard(self, path: str) -> bool:
        """Whether something in this path has a name that could be guarded. Quick; for walks through thousands of files."""
        return any(part == ".claude" or self.secrets.suspects(part) for part in fold(path).split("/"))

    def missing(self, path: str, *, cwd: str) -> bool:
        """Whether nothing is there, not even a link."""
        return not os.path.lexists(absolute(path, cwd, self.home))

    def template(self, path: str, *, cwd: str) -> bool:
        """Whether this is what a secrets file is copied from: the list allows it with `!`, or its name says so."""
        if self._secret(path, cwd, windows=False) is not None:
            return False
        whole = os.path.normpath(absolute(path, cwd, self.home))
        last = self._last_match(whole, folder=False)
        return (last is not None and last.negated) or whole.lower().endswith(_OF_TEMPLATES)

    def runs_guard(self, path: str, *, cwd: str) -> str | None:
        """Whether what is put there would be run instead of what the guard is run with."""
        if os.path.basename(path) not in _RUNS_GUARD:
            return None
        folder = os.path.dirname(os.path.normpath(absolute(path, cwd, self.home)))
        if folder in self._programs or os.path.realpath(folder) in map(os.path.realpath, self._programs):
            return f"the guard is run with `{path}`, which guards the secrets so"
        return None

    def holds_guard(self, path: str, *, cwd: str) -> str | None:
        """Whether the guard's own folders would be moved with it."""
        whole = os.path.normpath(absolute(path, cwd, self.home))
        if any(parts_below(folder, whole) for folder in self._own):
            return f"`{path}` holds what guards the secrets"
        return None

    def tracked(self, path: str, *, cwd: str) -> bool:
        """Whether git keeps this file, or would take it."""
        return in_git(os.path.normpath(absolute(path, cwd, self.home)))

    def unchanged(self, path: str, *, cwd: str) -> bool:
        """Whether git keeps this file as it is."""
        whole = os.path.realpath(absolute(path, cwd, self.home))
        return whole in unchanged(os.path.dirname(whole), [whole])

    # ---- secrets

    def _secret(self, path: str, cwd: str, windows: bool) -> str | None:
        written = [path, without_percents(path)] if "%" in path else [path]
        for each in written:
            whole = absolute(each, cwd, self.home, windows=windows)
            folder = each.endswith("/") or os.path.isdir(whole)
            first = ""
            for name in names(whole):
                said = self._rule(name, folder=folder)
                if said is not None:
                    return said if not first or name == first else f"leads to `{self._shown(name)}`, which {said}"
                first = first or name
        return self._twin(whole)

    def _rule(self, path: str, *, folder: bool) -> str | None:
        found = self._last_match(path, folder=folder)
        if found is None or found.negated or self._environment(path, found) or _published(path, found):
            return None
        return f"is a secret ({self.secrets.source}:{found.line}: `{found.text}`)"

    def _last_match(self, path: str, *, folder: bool) -> Pattern | None:
        """What decides of one name. It may lie in several roots; one that makes it a secret is enough."""
        home = next((parts for parts in (parts_below(path, each) for each in self._homes) if parts), None)
        below = [parts for parts in (parts_below(path, each) for each in self._roots) if parts]
        last = None
        if not below:
            return self.secrets.last_match(path.strip("/").split("/"), folder, home, anchored=False)
        for parts in below:
            found = self.secrets.last_match(parts, folder, home)
            if found is not None and not found.negated:
                return found
            last = found or last
        return last

    def _environment(self, path: str, found: Pattern) -> bool:
        """A folder `.env` may be a Python environment."""
        if found.body != ".env":
            return False
        folded = fold(path)
        at = (folded + "/").find("/.env/")
        return os.path.isfile(path[: at + 5] + "/pyvenv.cfg")

    def _twin(self, path: str) -> str | None:
        """A hard link to a secret that lies in the project's root: the same file by another name."""
        try:
            there = os.stat(path)
            if there.st_nlink == 1 or not there.st_mode & 0o100000:
                return None
            with os.scandir(self.project) as entries:
                twins = [entry.path for entry in entries if entry.inode() == there.st_ino]
        except (OSError, ValueError):
            return None
        for twin in twins:
            said = self._rule(twin, folder=False)
            if said is not None and os.path.samefile(twin, path):
                return f"is the same file as `{self._shown(twin)}`, which {said}"
        return None

    def _shown(self, path: str) -> str:
        parts = parts_below(path, self.project)
        return "/".join(parts) if parts else path

    # ---- what guards them

    def _guards(self, path: str, cwd: str, *, removes: bool, windows: bool) -> str | None:
        for name in names(absolute(path, cwd, self.home, windows=windows)):
            # What is removed with a folder above is made anew; only here something can be put in.
            if any(parts_below(name, folder) is not None for folder in self._own):
                return "guards the secrets"
            found = self._guard_of(name, removes=removes)
            if found is not None:
                return found
        return None

    def _guard_of(self, path: str, *, removes: bool) -> str | None:
        for root in {*self._roots, *self._homes}:
            parts = parts_below(path, root)
            if parts is None:
                if removes and parts_below(root, path) is not None and os.path.isdir(root + "/.claude"):
                    return "holds what guards the secrets"
                continue
            folded = [fold(part) for part in parts]
            if removes and folded in ([], [".claude"]) and (root in self._roots or folded):
                return "holds what guards the secrets"
            if folded[:1] == [".claude"] and len(folded) > 1 and self._is_guard(folded, root):
                return "guards the secrets"
        return None

    def _is_guard(self, folded: list[str], root: str) -> bool:
        if folded[1] == "hooks":
            return root in self._roots
        return folded[1:] in _GUARDS


def _published(path: str, found: Pattern) -> bool:
    """Whether it belongs to an installed package. A pattern with a folder in it says exactly which file it means."""
    if found.anchored:
        return False
    folded = fold(path)
    if any(name in folded for name in _PACKAGES):
        return True
    at = folded.find("/vendor/")
    return at >= 0 and any(os.path.isfile(path[: at + 7] + made) for made in _VENDORED)


def _both(folder: str) -> list[str]:
    real = os.path.realpath(folder)
    return [folder] if real == folder else [folder, real]


__all__ = ["Places", "root_of"]
