"""The list of secrets that a repository begins with, and what Claude Code itself denies by it.

A rule of Claude Code knows no `!` and cannot be opened again. So a pattern with exceptions becomes the names that it is
mostly written for; the rest of it is left to the hook, which reads the list as it stands.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.hooks.guard.patterns import Pattern, SecretList, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXTS = Path(__file__).with_name("texts") / "secrets"
_BESIDE_COMMON = {"python": ("telegram",), "wordpress": ("wordpress",), "box": ("telegram", "box")}
_GUARDS = (".claude/settings.json", ".claude/settings.local.json", ".claude/secrets.txt", ".claude/hooks")
_SPECIAL = "*?[\\"
# The names that a pattern with exceptions is mostly written for.
_USUAL = (
    *(f".env.{kind}" for kind in "local dev development staging prod production test".split()),
    *(f".env.{kind}.local" for kind in "development production test".split()),
    *(f"{kind}.env" for kind in "local prod production".split()),
    *(f"{kind}.pem" for kind in "key privkey private private_key private-key server".split()),
    *(f"{kind}.key" for kind in "private server master".split()),
    *(f"{kind}.tfvars" for kind in "terraform secrets prod production".split()),
    *(f"{kind}.json" for kind in "credentials service-account service_account client_secret".split()),
    "application_default_credentials.json",
    "release.keystore",
    "wp-config.php",
    *(f"wp-config-{kind}.php" for kind in "local production staging".split()),
    *(f"wp-config.php.{kind}" for kind in "bak old save".split()),
    *(f"~/.ssh/id_{kind}" for kind in "rsa dsa ecdsa ecdsa_sk ed25519 ed25519_sk".split()),
)


def default_list(stack: str) -> str:
    """The text of `.claude/secrets.txt` for a stack of the kit's, or several (`python+wordpress`)."""
    beside = dict.fromkeys(name for each in stack.split("+") for name in _BESIDE_COMMON.get(each, ()))
    return "\n".join((_TEXTS / f"{name}.txt").read_text("utf-8") for name in ("common", *beside))


def deny_rules(text: str) -> list[str]:
    """`permissions.deny` for the project's settings: neither reading nor editing what is a secret, nor editing what
    guards it. `//` is the root of the disk, `/` the project, `~/` the home."""
    secrets = [place for body, folder in _safe(text) for place in _for_permissions(body, folder=folder)]
    own = [f"Edit(/{name}/**)" if name.endswith("hooks") else f"Edit(/{name})" for name in _GUARDS]
    return [*(f"Read({place})" for place in secrets), *(f"Edit({place})" for place in secrets), *own]


def sandbox_denials(text: str) -> dict[str, list[str]]:
    """`sandbox.filesystem`: `denyRead` and `denyWrite`.

    Literal paths alone, in the project's root and the home: the sandbox of Linux mounts over paths that are there, and
    takes no globs. A secrets file is not in `denyWrite`: a template may make a missing one."""
    found = [place for body, _ in _safe(text) for place in _for_sandbox(body)]
    return {"denyRead": list(dict.fromkeys(found)), "denyWrite": [f"./{name}" for name in _GUARDS[2:]]}


def _safe(text: str) -> list[tuple[str, bool]]:
    """(pattern, whether it is for folders only) of what is a secret without exception. `~/` and `/` stand before it
    where the list says so, `**/` where it counts anywhere."""
    secrets = SecretList.parse(text)
    found: dict[tuple[str, bool], None] = {}
    for at, pattern in enumerate(secrets.patterns):
        if pattern.negated:
            continue
        allowed = [later for later in secrets.patterns[at + 1 :] if later.negated and _meet(pattern, later)]
        for body in _usual(pattern, secrets) if allowed else [_placed(pattern)]:
            found[body, pattern.folders_only] = None
    return list(found)


def _usual(pattern: Pattern, secrets: SecretList) -> Iterator[str]:
    names = [pattern.body] if pattern.literal and not pattern.home and not pattern.anchored else _USUAL
    for name in names:
        at_home = name.startswith("~/")
        path = name[2:] if at_home else name
        if at_home != pattern.home or not pattern.matches(fold(path)):
            continue
        parts = path.split("/")
        if secrets.rule_for(parts, pattern.folders_only, home=parts if at_home else None, anchored=not at_home):
            yield name if at_home else f"**/{name}"


def _placed(pattern: Pattern) -> str:
    if pattern.home:
        return f"~/{pattern.body}"
    if not pattern.anchored:
        return f"**/{pattern.body}"
    return pattern.body if pattern.body.startswith("**/") else f"/{pattern.body}"


def _meet(secret: Pattern, allowed: Pattern) -> bool:
    """Whether one path may match both; in doubt, yes."""
    if secret.home != allowed.home and (secret.anchored and allowed.anchored):
        return False
    one, other = (fold(pattern.body.rpartition("/")[2]) for pattern in (secret, allowed))
    if not _special(one):
        return Pattern(0, other).matches(one)
    if not _special(other):
        return Pattern(0, one).matches(other)
    starts, ends = zip(_ends(one), _ends(other), strict=True)
    return (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])) and (
        ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])
    )


def _special(text: str) -> bool:
    return any(letter in text for letter in _SPECIAL)


def _ends(glob: str) -> tuple[str, str]:
    """What a glob begins and ends with, as far as that is certain."""
    at = [place for place, letter in enumerate(glob) if letter in _SPECIAL]
    return glob[: at[0]], "" if "[" in glob or "\\" in glob else glob[at[-1] + 1 :]


def _for_permissions(body: str, *, folder: bool) -> list[str]:
    place = f"//{body}" if body.startswith("**/") else body
    return [f"{place}/**"] if folder else [place]


def _for_sandbox(body: str) -> list[str]:
    path = body[3:] if body.startswith("**/") else body.removeprefix("/")
    return [] if _special(path) else [path if path.startswith("~/") else f"./{path}"]
