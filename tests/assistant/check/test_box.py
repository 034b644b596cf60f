"""A box: its flows are checked by `onebox check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects

BOX = {
    "box.yaml": "",
    "flows/hello.yaml": (
        "flow: hello\non: {webhook: {path: hello}}\nsteps:\n  - do: log\n    with: {text: good morning}\n"
    ),
}


def test_tells_the_faults_of_the_edited_flow(projects: Projects) -> None:
    project = projects(BOX)
    told = project.edit("flows/hello.yaml", BOX["flows/hello.yaml"].replace("do: log", "do: lgo"))

    assert told.code == 2
    assert told.lines[0].startswith("flows/hello.yaml:4:")
    assert "lgo" in told.lines[0]


@pytest.mark.soak
def test_says_nothing_of_a_good_flow_and_does_not_check_it_again(projects: Projects) -> None:
    project = projects(BOX)
    assert project.edit("flows/hello.yaml", BOX["flows/hello.yaml"].replace("morning", "day")).quiet()
    project.script(".venv/bin/onebox", "#!/bin/sh\necho checked again\nexit 1\n")

    assert project.stop().quiet()


@pytest.mark.soak
def test_a_box_within_a_repository_is_found_by_its_settings(projects: Projects) -> None:
    project = projects({f"shop/{name}": text for name, text in BOX.items()})
    told = project.edit("shop/flows/evening.yaml", "flow: evening\nsteps: []\n")

    assert told.code == 2
    assert told.lines[0].startswith("shop/flows/evening.yaml:1:1: ")
    assert project.edit("compose.yaml", "services: [\n").quiet()
    assert project.stop().lines[1].startswith("shop/flows/evening.yaml:1:1: ")


@pytest.mark.soak
def test_a_secret_that_is_not_set_is_the_persons_to_set(projects: Projects) -> None:
    project = projects(BOX)

    assert project.edit("box.yaml", "accounts:\n  telegram/main: {token: BOT}\n").quiet()
    assert project.edit("box.yaml", "accounts:\n  telegram/main: {tokn: BOT}\n").code == 2
