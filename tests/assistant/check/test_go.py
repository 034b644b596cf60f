"""Go: the edited package, and the module at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects

pytestmark = pytest.mark.soak

SHOP = {
    "go.mod": "module example.org/shop\n\ngo 1.19\n",
    "price/price.go": "package price\n\nfunc Of(name string) int { return len(name) }\n",
    "bill/bill.go": 'package bill\n\nimport "example.org/shop/price"\n\nfunc Total() int { return price.Of("cut") }\n',
}
WRONG_FORMAT = 'package price\n\nimport "fmt"\n\nfunc Show() { fmt.Printf("%d", "cut") }\n'


def test_vets_the_package_of_the_edited_file(projects: Projects, go: str) -> None:
    project = projects(SHOP)
    assert project.edit("price/show.go", WRONG_FORMAT.replace("%d", "%s")).quiet()
    told = project.edit("price/show.go", WRONG_FORMAT)

    assert told.code == 2
    assert told.lines == ['price/show.go:5:15: fmt.Printf format %d has arg "cut" of wrong type string']


def test_an_import_may_come_before_its_use(projects: Projects, go: str) -> None:
    project = projects(SHOP)
    imported = 'package price\n\nimport "fmt"\n\nfunc Of(name string) int { return len(name) }\n'
    assert project.replace("price/price.go", imported).quiet()

    assert project.stop().lines[1].startswith("price/price.go:3:8: ")
    assert project.edit("price/price.go", imported).code == 2


def test_tells_of_what_does_not_compile_beside_the_edited_file(projects: Projects, go: str) -> None:
    project = projects({**SHOP, "price/other.go": 'package price\n\nfunc Other() int { return "a" }\n'})
    told = project.edit("price/price.go", SHOP["price/price.go"])

    assert told.code == 2
    assert len(told.lines) == 1
    assert told.lines[0].startswith("no fault in price/price.go; 1 elsewhere, first price/other.go:3:27: cannot use")


def test_the_other_packages_wait_for_the_end(projects: Projects, go: str) -> None:
    project = projects(SHOP)
    assert project.edit("price/price.go", "package price\n\nfunc Cost(name string) int { return 1 }\n").quiet()
    told = project.stop()

    assert told.code == 2
    assert told.lines[1].startswith("bill/bill.go:5:33: ")


def test_what_is_missing_is_not_written_into_the_module(projects: Projects, go: str) -> None:
    """GOFLAGS=-mod=mod lets go rewrite go.mod and go.sum."""
    project = projects(SHOP)
    project.environment.update({"GOFLAGS": "-mod=mod", "GOPROXY": "off"})
    told = project.edit("price/price.go", 'package price\n\nimport _ "example.org/other/thing"\n')

    assert told.code == 2
    assert told.lines[0].startswith("price/price.go:3:8: cannot find module providing package example.org/other/thing")


def test_files_for_another_system_are_let_be(projects: Projects, go: str) -> None:
    assert projects(SHOP).edit("odd/odd.go", "//go:build plan9\n\npackage odd\n").quiet()


def test_a_broken_module_file_is_said_to_be_unchecked(projects: Projects, go: str) -> None:
    project = projects({**SHOP, "go.mod": "modul\n"})
    told = project.edit("price/price.go", SHOP["price/price.go"])

    assert (told.code, len(told.lines)) in {(0, 1), (2, 1)}
    assert "go.mod" in told.lines[0]
