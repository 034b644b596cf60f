"""Whatever the text, PowerShell's judge gives a verdict, soon; and however a secret's name is put together, it is seen."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.assistant.guard.shell_shop import Shop

from onebox.assistant.hooks.guard.powershell import judge_powershell

PIECES = st.sampled_from(
    "gc .env x $x ${x} ${ $( @( @{ ( ) { } [ ] [IO.File] :: . ' \" @' '@ @\" \"@ ` \\ \n ; & && | || > >> < 2>&1 *> --% # <# #> "
    "if else foreach in while do until switch function param try catch -f -join -replace -eq -and .. , = += % ? $_ @x -Path: 1 é \t".split(
        " "
    )
)
NAME = ".env"


class PowerShellShop(Shop):
    """The shop, where PowerShell is asked."""

    def says(self, command: str) -> str | None:
        return judge_powershell(command, self.places, str(self.folder))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> PowerShellShop:
    return PowerShellShop(tmp_path_factory.mktemp("any"))


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_gets_a_verdict(shop: PowerShellShop, text: str) -> None:
    assert shop.says(text) is None or shop.says(text)


@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(PIECES, max_size=30), glue=st.sampled_from(["", " "]))
def test_any_mixture_of_powershell_gets_a_verdict(shop: PowerShellShop, pieces: list[str], glue: str) -> None:
    verdict = shop.says(glue.join(pieces))

    assert verdict is None or verdict


def made(piece: str, way: int) -> str:
    codes = ", ".join(str(ord(letter)) for letter in piece)
    return (
        f"'{piece}'",
        f'"{piece}"',
        f"$('{piece}')",
        f"(-join [char[]]({codes}))",
        f"'{piece.upper()}'.ToLower()",
        f"'{piece[::-1]}'[-1..-{len(piece)}] -join ''",
        f"('{{0}}' -f '{piece}')",
        f"'x{piece}'.Substring(1)",
        f"('x{piece}' -replace 'x', '')",
        f"\"$(if ($true) {{ '{piece}' }})\"",
    )[way]


@settings(max_examples=80, deadline=None)
@given(
    cuts=st.lists(st.integers(1, len(NAME) - 1), max_size=3),
    ways=st.lists(st.integers(0, 9), min_size=4, max_size=4),
    frame=st.sampled_from(
        [
            "gc ({})",
            "$x = {}; Get-Content $x",
            "{} | gc",
            "[IO.File]::ReadAllText({})",
            "1 > ({})",
            "& {{ gc $args[0] }} ({})",
        ]
    ),
)
def test_a_name_is_seen_however_it_is_put_together(
    shop: PowerShellShop, cuts: list[int], ways: list[int], frame: str
) -> None:
    edges = [0, *sorted(set(cuts)), len(NAME)]
    pieces = [NAME[start:end] for start, end in itertools.pairwise(edges)]
    word = " + ".join(f"({made(piece, way)})" for piece, way in zip(pieces, ways, strict=False))

    assert shop.says(frame.replace("{{", "{").replace("}}", "}").replace("{}", word, 1)), word


HOSTILE = {
    "brackets": "(" * 50_000,
    "closed brackets": "(" * 5_000 + "1" + ")" * 5_000,
    "substitutions": "$(" * 30_000,
    "quoted substitutions": '"$(' * 20_000,
    "script blocks": "{" * 50_000,
    "tables": "@{a=" * 20_000,
    "conditions": "if (" * 30_000,
    "negations": "!" * 50_000,
    "casts": "[int]" * 20_000 + "1",
    "comments": "<#" * 50_000,
    "here-strings": "@'\n" * 30_000,
    "functions that call themselves": "function f { f; f }; f",
    "an alias of itself": "Set-Alias f f; f",
    "values that double": "$a='12345678';" + "$a=$a+$a;" * 60 + "gc $a",
    "alternatives": "$a = 1..500; " + '"$a$a$a$a$a$a"; ' * 50,
    "ranges": "1..999 | % { 1..999 | % { 1..999 | % { $_ } } }",
    "loops in loops": "foreach ($i in 1..9) { " * 7 + "gc x" + " }" * 7,
    "texts that run texts": "$a = 'iex $a'; iex $a",
    "sums": "1" + " + 1" * 30_000,
    "commas": "1" + ",1" * 30_000,
    "members": "$a" + ".b" * 30_000,
    "a slow pattern": "'" + "a" * 5_000 + "!' -match '(a+)+$'",
    "pipes": "1" + " | % { $_ }" * 5_000,
    "words": "echo" + " x" * 50_000,
    "one word": "x" * 300_000,
    "backticks": "`" * 100_001,
}


@pytest.mark.soak
@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_texts_end_soon(shop: PowerShellShop, text: str) -> None:
    began = time.perf_counter()
    shop.says(text)

    assert time.perf_counter() - began < 4


@pytest.mark.soak
@pytest.mark.parametrize("text", [text for text in HOSTILE.values() if len(text) > 1000], ids=len)
def test_beyond_the_bounds_a_secrets_name_is_enough(shop: PowerShellShop, text: str) -> None:
    assert shop.says("gc .env; " + text)


def test_a_long_document_costs_little(shop: PowerShellShop) -> None:
    document = "@'\n" + "x = 1  # it's $x\n" * 6000 + "'@ | Set-Content src/app.py"
    began = time.perf_counter()

    assert shop.says(document) is None
    assert time.perf_counter() - began < 0.5
