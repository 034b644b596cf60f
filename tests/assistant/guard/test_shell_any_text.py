"""Whatever the text, a verdict comes, soon; and however a secret's name is quoted, it is seen."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.assistant.guard.shell_shop import Shop

PIECES = st.sampled_from(
    "cat .env x $x ${x:- ${ } $( ) $(( )) ( ) { } [[ ]] [ ] ' \" ` \\ \n ; & && | || > >> < << <<- <<< EOF if then fi for in do "
    "done while case esac ;; a=( a= ! * ? ~ # @( , .. : / -c -exec find xargs sh git python3 sed awk eval read -- = \t".split(
        " "
    )
)
NAME = ".env"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("any"))


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_gets_a_verdict(shop: Shop, text: str) -> None:
    assert shop.says(text) is None or shop.says(text)


@settings(max_examples=120, deadline=None)
@given(pieces=st.lists(PIECES, max_size=30), glue=st.sampled_from(["", " "]))
def test_any_mixture_of_shell_gets_a_verdict(shop: Shop, pieces: list[str], glue: str) -> None:
    verdict = shop.says(glue.join(pieces))

    assert verdict is None or verdict


COMMANDS = [
    case["input"]["command"]
    for file in sorted((Path(__file__).parents[1] / "corpus").glob("*.yaml"))
    for case in yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    if case["tool"] == "Bash"
]


@settings(max_examples=120, deadline=None)
@given(
    command=st.sampled_from(COMMANDS),
    other=st.sampled_from(COMMANDS),
    cuts=st.lists(st.integers(0, 200), min_size=2, max_size=2),
    piece=PIECES | st.text(max_size=3),
)
def test_any_edit_of_a_real_command_gets_a_verdict(
    shop: Shop, command: str, other: str, cuts: list[int], piece: str
) -> None:
    start, end = sorted(cut % (len(command) + 1) for cut in cuts)
    edited = [
        command[:start] + piece + command[end:],
        command[:start] + other + command[start:],
        command[start:end] * 3,
    ]
    for text in edited:
        verdict = shop.says(text)

        assert verdict is None or verdict


def quoted(piece: str, way: int) -> str:
    codes = [f"\\x{ord(letter):02x}" for letter in piece]
    octal = [f"\\{ord(letter):03o}" for letter in piece]
    return (
        piece,
        f"'{piece}'",
        f'"{piece}"',
        "".join("\\" + letter for letter in piece),
        "$'" + "".join(codes) + "'",
        "$'" + "".join(octal) + "'",
        f"''{piece}\"\"",
        f"\\\n{piece}",
        f"$(echo {piece})",
        f"$(printf %s '{piece}')",
        f"${{unset_:-{piece}}}",
        f"{{{piece},{piece}x}}",
    )[way]


@settings(max_examples=120, deadline=None)
@given(
    cuts=st.lists(st.integers(1, len(NAME) - 1), max_size=3),
    ways=st.lists(st.integers(0, 11), min_size=4, max_size=4),
    frame=st.sampled_from(
        ["cat {}", "x={}; cat $x", "cp {} /tmp/x", "head -5 < {}", "echo hi > {}", "sh -c \"cat\"' '{}", "unknown {}"]
    ),
)
def test_a_name_is_seen_however_it_is_quoted(shop: Shop, cuts: list[int], ways: list[int], frame: str) -> None:
    edges = [0, *sorted(set(cuts)), len(NAME)]
    pieces = [NAME[start:end] for start, end in itertools.pairwise(edges)]
    # Braces are no braces in what is assigned or in a quoted text.
    ways = [way % 11 if frame.startswith(("x=", "sh")) else way for way in ways]
    word = "".join(quoted(piece, way) for piece, way in zip(pieces, ways, strict=False))

    assert shop.says(frame.replace("{}", word)), word


HOSTILE = {
    "brackets": "(" * 50_000,
    "substitutions": "$(" * 30_000,
    "backticks": "`" * 50_000,
    "braces": "{a," * 20_000,
    "nested defaults": '"${x:-' * 20_000,
    "negations": "! " * 50_000,
    "conditions": "if " * 30_000,
    "extended globs": "@(" * 30_000,
    "here-documents": "<<a " * 20_000,
    "functions that call themselves": "f() { f; f; }; f",
    "a bomb": ":(){ :|:& };:",
    "values that double": "a=12345678;" + "a=$a$a;" * 60 + "cat $a",
    "braces that double": "echo " + "{a,b}" * 40,
    "loops in loops": "for i in 1 2 3 4 5 6 7 8; do " * 7 + "cat x" + "; done" * 7,
    "sums": "python3 -c '" + "1+" * 30_000 + "1'",
    "numbers": "node -e 'chr(" + "1" * 30_000 + "x'",
    "texts in a row": "node -e '[" + '"a"   ' * 9_000 + "x'",
    "quoting words": "perl -e '" + "q(" * 25_000 + "'",
    "loading": "python3 -c '" + "load_dotenv;" * 5_000 + "'",
    "opened quotes": "node -e '" + '`"' * 25_000 + "'",
    "a patch of nothing": "git apply <<'E'\n" + "+++ b/x\n" * 10_000 + "E",
    "a script of sed": "sed '" + "r " * 40_000 + "' x",
    "blanks": "cat" + " " * 100_000 + "x",
    "names of columns": "psql -c '" + "select a.b from c; " * 5_000 + "'",
    "backslashes": "\\" * 100_001,
    "a megabyte of words": "cat " + "a/b " * 250_000,
    "a megabyte of different words": "cat " + " ".join(f"f{number}.txt" for number in range(100_000)),
    "a megabyte of quotes": "echo " + "''" * 500_000,
    "a megabyte of values": "echo " + "${x}" * 250_000,
    "a megabyte of substitutions": "echo " + "$(a)" * 250_000,
    "a megabyte of a document": "cat > a.py <<EOF\n" + "$x `y` ${z}\n" * 80_000 + "EOF",
    "a megabyte of sums": "echo $((" + "a+" * 500_000 + "1))",
    "globs in globs": "cat " + "**/" * 200 + "x",
    "a pattern that is tried again and again": "echo " + "a" * 19_000 + " | sed 's/a*a*a*b/x/'",
    "patterns for each file": "tar czf x.tgz . " + "--exclude=a " * 5_000,
    "what might be tokens": "cat > src/x <<'E'\n" + "-----BEGIN RSA PRIVATE KEY-----\n" * 20_000 + "E",
}


@pytest.mark.soak
@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_texts_end_soon(shop: Shop, text: str) -> None:
    """Half a second of a processor here; a slower one has twice that."""
    began = time.process_time()
    shop.says(text)

    assert time.process_time() - began < 1


@pytest.mark.soak
@pytest.mark.parametrize("text", [text for text in HOSTILE.values() if 1000 < len(text) < 200_000], ids=len)
def test_beyond_the_bounds_a_secrets_name_is_enough(shop: Shop, text: str) -> None:
    assert shop.says("cat .env; " + text)


def test_a_long_document_costs_little(shop: Shop) -> None:
    document = "cat > src/app.py <<'EOF'\n" + "x = 1  # it's $x\n" * 6000 + "EOF\n"
    began = time.perf_counter()

    assert shop.says(document) is None
    assert time.perf_counter() - began < 0.5
