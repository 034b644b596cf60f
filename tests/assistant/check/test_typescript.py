"""TypeScript: the whole program, since a file's types hang on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.assistant.check.conftest import Projects
    from tests.assistant.check.project import Project

pytestmark = pytest.mark.soak

SHOP = {
    ".gitignore": "node_modules\n",
    "tsconfig.json": '{"compilerOptions": {"strict": true, "outDir": "dist"}, "include": ["src"]}\n',
    "src/price.ts": "export const price: number = 12;\n",
    "src/bill.ts": 'import { price } from "./price";\n\nexport const bill: number = price * 2;\n',
}


@pytest.fixture
def shop(projects: Projects, typescript: Path) -> Project:
    project = projects(SHOP)
    (project.folder / "node_modules").symlink_to(typescript)
    return project


def test_says_nothing_of_a_good_program(shop: Project) -> None:
    assert shop.edit("src/price.ts", "export const price: number = 13;\n").quiet()


def test_tells_the_edited_file_first(shop: Project) -> None:
    shop.edit("src/bill.ts", SHOP["src/bill.ts"] + 'export const text: number = "a";\n')
    told = shop.edit("src/price.ts", "export const price: string = 12;\n")

    assert told.code == 2
    here, elsewhere = told.lines
    assert here == "src/price.ts:1:14: error TS2322: Type 'number' is not assignable to type 'string'."
    assert elsewhere.startswith(
        "and 2 elsewhere, first src/bill.ts:3:29: error TS2362: The left-hand side of an arithmetic"
    )


def test_says_in_one_line_that_the_fault_is_elsewhere(shop: Project) -> None:
    told = shop.edit("src/price.ts", "export const cost = 12;\n")

    assert told.code == 2
    (line,) = told.lines
    fault = "src/bill.ts:1:10: error TS2305: Module '\"./price\"' has no exported member 'price'."
    assert line == f"no fault in src/price.ts; 1 elsewhere, first {fault}"


def test_tells_of_a_config_that_tsc_does_not_read(shop: Project) -> None:
    told = shop.edit("tsconfig.json", '{"compilerOptions": {"strikt": true}}\n')

    assert told.code == 2
    assert told.lines[0].startswith("tsconfig.json:1:22: error TS5023: Unknown compiler option 'strikt'.")


def test_a_config_that_only_refers_stands_for_those_it_names(shop: Project) -> None:
    shop.write(
        {
            "tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}\n',
            "tsconfig.app.json": '{"compilerOptions": {"strict": true, "noEmit": true}, "include": ["src"]}\n',
        }
    )

    assert shop.edit("src/price.ts", 'export const price: number = "a";\n').code == 2


def test_javascript_is_checked_where_the_config_says_so(shop: Project) -> None:
    assert shop.edit("src/plain.js", "let a = 1; a = 'b';\n").quiet()
    shop.write({"tsconfig.json": '{"compilerOptions": {"checkJs": true, "outDir": "dist"}, "include": ["src"]}\n'})

    assert shop.edit("src/plain.js", "let a = 1; a = 'b';\n").code == 2


def test_a_program_found_clean_after_an_edit_is_not_read_again_at_the_end(shop: Project) -> None:
    assert shop.stop().quiet()
    assert shop.edit("src/price.ts", "export const price: number = 13;\n").quiet()
    (shop.folder / "node_modules").unlink()
    shop.script("node_modules/.bin/tsc", "#!/bin/sh\necho 'src/bill.ts(1,1): error TS1: read again'\nexit 1\n")
    assert shop.stop().quiet()

    shop.write({"src/price.ts": "export const price: number = 14;\n"})
    assert shop.stop().lines == ["1 fault in the project:", "src/bill.ts:1:1: error TS1: read again"]
