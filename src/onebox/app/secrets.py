"""Secrets are named in flows and settings, and never written there.

`secrets.yaml` holds them encrypted, one Fernet token a name: safe in git, and a change shows as the line that changed.
The key is a file of its own that stays on the machine, or comes from the environment.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from onebox.app.folder import replace_file
from onebox.app.plain_settings import mark_of
from onebox.kernel.document import DocumentInvalid, read_document
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.fernet import MultiFernet

    from onebox.app.folder import BoxFolder
    from onebox.kernel.faults import Fault

KEY_VARIABLE = "ONEBOX_KEY"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_NAMED = re.compile(r"\$\{\s*secret\.([A-Za-z_][A-Za-z0-9_]*)\s*\}")
_HEAD = "# Secrets, encrypted. Change them with: onebox secrets set NAME\n"

_TAKE_BACK = "take back what changed in it, with git or from a backup"


class SecretsUnreadable(OneboxError):
    """The secrets of a box cannot be read: the file, the key, or one of them is broken. Never shows a value.

    `faults`: what is wrong with the file, each with its place, where it is the file's text."""

    code: ClassVar[str] = "secrets_unreadable"

    def __init__(self, message: str, *, hint: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class SecretRefused(OneboxError):
    """A name or a value that no secret can have, or a secret that is not there."""

    code: ClassVar[str] = "secret_refused"


def secret_names(url: str) -> list[str]:
    """The secrets that a URL of the settings names.

    >>> secret_names("postgresql://box:${secret.password}@db/box")
    ['password']
    """
    return _NAMED.findall(url)


def fill_in(url: str, secrets: Mapping[str, str]) -> str:
    """The URL with its secrets, each escaped as a URL wants it. All of them must be there.

    >>> fill_in("postgresql://box:${secret.password}@db/box", {"password": "a/b"})
    'postgresql://box:a%2Fb@db/box'
    """
    return _NAMED.sub(lambda found: quote(secrets[found[1]], safe=""), url)


class Vault:
    """The secrets of one box. `environ` is where ONEBOX_KEY is looked for: one key, or several with commas between,
    of which the first encrypts and all decrypt."""

    def __init__(self, folder: BoxFolder, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ

    def names(self) -> list[str]:
        """Of all secrets, sorted; needs no key. Raises SecretsUnreadable."""
        return sorted(self._tokens())

    def marks(self) -> dict[str, str]:
        """A mark of each, which changes when it is set anew and does not tell it. Raises SecretsUnreadable."""
        return {name: mark_of(token) for name, token in self._tokens().items()}

    def read(self) -> dict[str, str]:
        """All secrets by name. Raises SecretsUnreadable that names the first one that cannot be decrypted."""
        tokens = self._tokens()
        if not tokens:
            return {}
        fernet = self._fernet()
        return {name: self._decrypted(fernet, name, token) for name, token in tokens.items()}

    def set(self, name: str, value: str) -> None:
        """Keeps a secret; the first one of a box makes its key. Raises SecretRefused, SecretsUnreadable."""
        if not _NAME.fullmatch(name):
            hint = "a name has letters, digits and _, and does not begin with a digit, such as crm_token"
            raise SecretRefused(f"a secret cannot be called {name!r}", hint=hint)
        if not value:
            raise SecretRefused(f"the secret {name} was given no value")
        tokens = self._tokens()
        if not tokens and KEY_VARIABLE not in self._environ and not self._folder.key.exists():
            self._make_key()
        tokens[name] = self._fernet().encrypt(value.encode("utf-8", "surrogateescape")).decode()
        self._write(tokens)

    def remove(self, name: str) -> None:
        """Forgets a secret. Raises SecretRefused if there is none of this name."""
        tokens = self._tokens()
        if name not in tokens:
            raise SecretRefused(f"there is no secret {name!r}{did_you_mean(name, tokens)}", hint="onebox secrets list")
        del tokens[name]
        self._write(tokens)

    # --- the file

    def _tokens(self) -> dict[str, str]:
        file = self._folder.secrets
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
            return {}
        return self._checked(text)

    def _checked(self, text: str) -> dict[str, str]:
        try:
            document = read_document(self._folder.secrets.name, text)
        except DocumentInvalid as broken:
            raise _broken([broken.fault]) from None
        if document.faults:
            raise _broken(document.faults)
        tokens = document.value
        if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
            raise SecretsUnreadable(f"{document.file} is no list of `name: token` lines", hint=_TAKE_BACK)
        return tokens

    def _write(self, tokens: Mapping[str, str]) -> None:
        text = _HEAD + "".join(f"{name}: {tokens[name]}\n" for name in sorted(tokens))
        replace_file(self._folder.secrets, text)

    # --- the key

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        keys, where = self._keys()
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            hint = "a key is 44 characters, made by the first `onebox secrets set`; bring back the right one"
            raise SecretsUnreadable(f"{where} holds no key that can decrypt secrets", hint=hint) from None

    def _keys(self) -> tuple[list[str], str]:
        if KEY_VARIABLE in self._environ:
            listed = self._environ[KEY_VARIABLE].split(",")
            return [key.strip() for key in listed if key.strip()], f"the variable {KEY_VARIABLE}"
        try:
            return [self._folder.key.read_text(encoding="ascii", errors="replace").strip()], str(self._folder.key)
        except FileNotFoundError:
            raise SecretsUnreadable(
                f"{self._folder.secrets} holds secrets, and the key that they were encrypted with is not here:"
                f" neither the file {self._folder.key} nor the variable {KEY_VARIABLE}",
                hint="copy the key from where the box ran before, or from a backup; if it is lost,"
                f" delete {self._folder.secrets.name} and set each secret anew",
            ) from None

    def _make_key(self) -> None:
        from cryptography.fernet import Fernet

        self._folder.prepare()
        made = os.open(self._folder.key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(made)

    def _decrypted(self, fernet: MultiFernet, name: str, token: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return fernet.decrypt(token).decode("utf-8", "surrogateescape")
        except InvalidToken:
            _, where = self._keys()
            raise SecretsUnreadable(
                f"the secret {name} in {self._folder.secrets} cannot be decrypted with the key of {where}",
                hint=f"bring back the key that it was encrypted with, or set it anew: onebox secrets set {name}",
            ) from None


def _broken(faults: Sequence[Fault]) -> SecretsUnreadable:
    return SecretsUnreadable("\n".join(map(str, faults)), hint=_TAKE_BACK, faults=faults)
