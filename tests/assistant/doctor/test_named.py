"""What CLAUDE.md names and is not there; what only looks like a path or a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.assistant.doctor.kits import write
from tests.assistant.rules.projects import a_project

from onebox.assistant.doctor.named import claude_md_faults

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = a_project(tmp_path)
    write(made, "package.json", '{"scripts": {"test": "node --test", "lint": "eslint ."}}')
    write(made, "Makefile", "CC := gcc\n.PHONY: check\ncheck: build\n\ttrue\nbuild lint:\n\ttrue\n")
    write(made, "tools/look.sh", "exit 0\n")
    write(made, "AGENTS.md", "Ours.\n")
    write(made, ".venv/bin/lint-imports", "").chmod(0o755)
    for program in ("npm", "make", "pytest"):
        write(made, f"node_modules/.bin/{program}", "").chmod(0o755)
    write(made, ".gitignore", "dist/\n.venv/\nnode_modules/\n")
    return made


def said(project: Path, text: str) -> list[str]:
    write(project, "CLAUDE.md", text)
    return [f"{fault.where} {fault.what}" for fault in claude_md_faults(project)]


@pytest.mark.parametrize(
    "text",
    [
        "See `src/core/shop.py`, `src/core/shop.py:12` and `src/core/`.",
        "Tests are `tools/look.sh::one`, all of them `src/**/*.py`, and `shop.py` is the core.",
        "Compare with `origin/main`, `application/json`, `and/or`, `/init`, `~/.config/x.toml`, `https://example.org/a.py`.",
        "What a build makes is in `dist/app.js`.",
        "The price is `PRICE = 12`, the class `Shop`, the tool `ruff`, never `import telegram`.",
        "- Tests: `npm run test`\n- All checks: `make check`\n- Lint: `make lint && npm run lint`",
        "- Core knows no channel (checked: `lint-imports`).",
        "- Core is plain (checked: `! grep -rq adapters src/core`).",
        "@AGENTS.md\n",
        "```sh\nnpm run test  # all\n# a comment\n$ make check\nFOO=1 sh tools/look.sh\n```\n",
        "```python\nno_such_program()\n```\n",
        "Use `onebox kit learn`.",
    ],
)
def test_what_is_there_or_is_no_path_is_left_alone(project: Path, text: str) -> None:
    assert said(project, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\nSee `src/core/shops.py`.", ["CLAUDE.md:3 the path `src/core/shops.py` is not there"]),
        ("See `src/channels/`.", ["CLAUDE.md:1 the path `src/channels` is not there"]),
        ("See `nowhere.py`.", ["CLAUDE.md:1 the path `nowhere.py` is not there"]),
        ("@NOBODY.md", ["CLAUDE.md:1 the import `@NOBODY.md` leads nowhere"]),
        ("- Types: `npm run types`", ["CLAUDE.md:1 package.json has no script `types`"]),
        ("Call `make deploy` at the end.", ["CLAUDE.md:1 the Makefile has no target `deploy`"]),
        ("Call `./check` at the end.", ["CLAUDE.md:1 `./check` is not there"]),
        (
            "- Rule (checked: `no-such-linter --strict`).",
            ["CLAUDE.md:1 the command `no-such-linter` is on no PATH and in no tools folder"],
        ),
        (
            "```bash\nmake build\npytest tests/test_gone.py\n```",
            ["CLAUDE.md:3 `tests/test_gone.py`, which the command names, is not there"],
        ),
        ("Run `sh src/gone.sh`.", ["CLAUDE.md:1 `src/gone.sh`, which the command names, is not there"]),
    ],
)
def test_what_is_not_there_is_found_with_its_line(project: Path, text: str, expected: list[str]) -> None:
    assert said(project, text) == expected


def test_a_text_that_has_grown_too_long_is_found(project: Path) -> None:
    assert said(project, "- A rule.\n" * 200) == []
    assert said(project, "- A rule.\n" * 201) == [
        "CLAUDE.md:201 it has 201 lines, and much of what stands beyond 200 is overlooked"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "- No `any`, no `@ts-ignore`, no `` @gone.md ``, and ask @ana; `@types/node` is @types/node.",
        "Mail ana@example.org about @pytest.mark.soak.",
        "<!-- @gone.md -->\n<!--\n@gone.md\n-->",
        "```\n@gone.md\n```",
        "See @AGENTS.md#ours and @src/core/shop.py for more, and @./AGENTS.md too.",
    ],
)
def test_what_only_looks_like_an_import_is_left_alone(project: Path, text: str) -> None:
    assert said(project, text) == []


def test_an_import_in_a_sentence_is_followed_and_what_it_names_is_looked_at(project: Path) -> None:
    write(project, "docs/shop.md", "@rules.md\n\nSee `src/core/gone.py` and `near.py`.\n")
    write(project, "docs/rules.md", "@shop.md\n\n- Types: `npm run types`\n")
    write(project, "docs/near.py", "")

    assert said(project, "See @docs/shop.md for more.\nSee @docs/gone.md for less.\nAnd @docs/shop.md.\n") == [
        "CLAUDE.md:2 the import `@docs/gone.md` leads nowhere",
        "CLAUDE.md:3 the import `@docs/shop.md.` leads nowhere: what stands right behind it counts as a part of its name",
        "docs/shop.md:3 the path `src/core/gone.py` is not there",
        "docs/rules.md:3 package.json has no script `types`",
    ]


def test_lines_that_are_imported_count_as_a_note(project: Path) -> None:
    write(project, "AGENTS.md", "- A rule.\n" * 150)
    write(project, "CLAUDE.md", "@AGENTS.md\n" + "- A rule.\n" * 100)

    assert [(fault.is_note, fault.what) for fault in claude_md_faults(project)] == [
        (True, "together with AGENTS.md, loaded with it, it has 251 lines")
    ]
