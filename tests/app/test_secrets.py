"""Secrets: kept encrypted, and refused with the reason when they cannot be read."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from onebox.app.folder import BoxFolder
from onebox.app.secrets import SecretRefused, SecretsUnreadable, Vault

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion


@pytest.fixture
def folder(tmp_path: Path) -> BoxFolder:
    return BoxFolder(tmp_path)


@pytest.fixture
def vault(folder: BoxFolder) -> Vault:
    return Vault(folder, {})


def told(error: Exception, folder: BoxFolder) -> str:
    return str(error).replace(str(folder), "BOX")


def test_a_box_without_secrets_needs_no_key(vault: Vault, folder: BoxFolder) -> None:
    assert vault.read() == {}
    assert not folder.data.exists()


def test_what_is_kept_is_read_again(vault: Vault) -> None:
    vault.set("crm_token", "s3same ✓ \n")
    vault.set("another", "x")

    assert vault.read() == {"crm_token": "s3same ✓ \n", "another": "x"}
    assert vault.names() == ["another", "crm_token"]


def test_values_stand_nowhere_in_clear(vault: Vault, folder: BoxFolder) -> None:
    vault.set("crm_token", "sesame-open")

    assert [file for file in folder.path.rglob("*") if file.is_file() and b"sesame" in file.read_bytes()] == []


def test_the_key_is_for_its_owner_alone(vault: Vault, folder: BoxFolder) -> None:
    vault.set("a", "1")

    assert stat.S_IMODE(folder.key.stat().st_mode) == 0o600
    assert (folder.data / ".gitignore").read_text() == "*\n"


def test_a_change_is_one_line(vault: Vault, folder: BoxFolder) -> None:
    vault.set("a", "1")
    vault.set("b", "2")
    before = folder.secrets.read_text().splitlines()
    vault.set("b", "3")
    after = folder.secrets.read_text().splitlines()

    assert [old == new for old, new in zip(before, after, strict=True)] == [True, True, False]


def test_the_key_stays(vault: Vault, folder: BoxFolder) -> None:
    vault.set("a", "1")
    key = folder.key.read_text()
    vault.set("b", "2")
    vault.remove("a")
    vault.remove("b")
    vault.set("c", "3")

    assert folder.key.read_text() == key


def test_no_new_key_while_there_are_secrets(vault: Vault, folder: BoxFolder, snapshot: SnapshotAssertion) -> None:
    vault.set("a", "1")
    folder.key.unlink()

    with pytest.raises(SecretsUnreadable) as refused:
        vault.set("b", "2")

    assert told(refused.value, folder) == snapshot
    assert not folder.key.exists()


def test_the_secret_that_cannot_be_decrypted_is_named(
    vault: Vault, folder: BoxFolder, snapshot: SnapshotAssertion
) -> None:
    vault.set("good", "1")
    folder.secrets.write_text(
        f"{folder.secrets.read_text()}other: {Fernet(Fernet.generate_key()).encrypt(b'2').decode()}\n"
    )

    with pytest.raises(SecretsUnreadable) as refused:
        vault.read()

    assert told(refused.value, folder) == snapshot


def test_a_broken_key_is_told(vault: Vault, folder: BoxFolder, snapshot: SnapshotAssertion) -> None:
    vault.set("a", "1")
    folder.key.write_text("no key\n")

    with pytest.raises(SecretsUnreadable) as refused:
        vault.read()

    assert told(refused.value, folder) == snapshot


@pytest.mark.parametrize("text", ["a: [", "- a", "a: 1", "a: x\na: y"])
def test_a_broken_file_is_told(text: str, vault: Vault, folder: BoxFolder, snapshot: SnapshotAssertion) -> None:
    folder.secrets.write_text(text)

    with pytest.raises(SecretsUnreadable) as refused:
        vault.names()

    assert told(refused.value, folder) == snapshot


def test_the_key_may_come_from_the_environment(folder: BoxFolder) -> None:
    key = Fernet.generate_key().decode()
    Vault(folder, {"ONEBOX_KEY": key}).set("a", "1")

    assert not folder.key.exists()
    assert Vault(folder, {"ONEBOX_KEY": key}).read() == {"a": "1"}


def test_keys_are_changed_one_after_the_other(folder: BoxFolder) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    Vault(folder, {"ONEBOX_KEY": old}).set("a", "1")
    both = Vault(folder, {"ONEBOX_KEY": f"{new}, {old}"})

    assert both.read() == {"a": "1"}
    both.set("a", "1")
    assert Vault(folder, {"ONEBOX_KEY": new}).read() == {"a": "1"}


@pytest.mark.parametrize("name", ["", "crm-token", "1st", "a b", "a: b", "x" * 200])
def test_names_are_plain_words(name: str, vault: Vault) -> None:
    with pytest.raises(SecretRefused, match="cannot be called"):
        vault.set(name, "1")


def test_an_empty_value_is_refused(vault: Vault) -> None:
    with pytest.raises(SecretRefused, match="was given no value"):
        vault.set("a", "")


def test_a_secret_that_is_not_there_cannot_be_removed(vault: Vault) -> None:
    vault.set("crm_token", "1")

    with pytest.raises(SecretRefused, match="did you mean 'crm_token'"):
        vault.remove("crm_tokn")
