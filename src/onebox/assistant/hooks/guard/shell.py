"""Judges a shell command by going through it as the shell would, with all that each word may be."""

from __future__ import annotations

import os
import re
import time

from onebox.assistant.hooks.guard.shell_builtins import SHELL_BUILTINS
from onebox.assistant.hooks.guard.shell_elsewhere import ELSEWHERE
from onebox.assistant.hooks.guard.shell_expand import expand, expand_text
from onebox.assistant.hooks.guard.shell_files import FILE_COMMANDS
from onebox.assistant.hooks.guard.shell_git import GIT_COMMANDS
from onebox.assistant.hooks.guard.shell_memory import MOST_KNOWN, Memory, together
from onebox.assistant.hooks.guard.shell_reader import read_shell
from onebox.assistant.hooks.guard.shell_runners import RUNNERS
from onebox.assistant.hooks.guard.shell_search import SEARCHERS
from onebox.assistant.hooks.guard.shell_services import SERVICES
from onebox.assistant.hooks.guard.shell_table import by_table, only_names
from onebox.assistant.hooks.guard.shell_text import TEXT_COMMANDS
from onebox.assistant.hooks.guard.shell_words import ANY, Beyond, Denied, Node, plain
from onebox.assistant.hooks.guard.shell_written import CHANGES_TEXT, EDITS, kept_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.shell_words import Redirect

DEEPEST_CALL = 20
MOST_STEPS = 6000
MOST_WAYS = 24
RAW_SECONDS = 0.1
PRIVATE = "[\ue000-\uf8ff]"
TOO_LARGE = "the command is longer or deeper than what is read in full"
RAW_NAME = r"[^\s'\"\\`|&;<>()=:@,{}]{1,300}"
STANDARD = ("/bin/", "/sbin/", "/usr/", "/opt/", "/nix/", "/run/current-system/")
# What these hold is run by the program that they are given to.
RUN_FROM_ENVIRONMENT = {
    "PAGER", "GIT_PAGER", "MANPAGER", "EDITOR", "VISUAL", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_SSH_COMMAND",
    "GIT_EXTERNAL_DIFF", "LESSOPEN", "PROMPT_COMMAND",
}  # fmt: skip
READ_FROM_ENVIRONMENT = {"BASH_ENV", "ENV", "ZDOTDIR", "PYTHONSTARTUP"}
CLAUDE = "@anthropic-ai/claude-code"
UNGUARDED = {
    "--settings", "--setting-sources", "--managed-settings", "--bare", "--safe-mode", "CLAUDE_CODE_SIMPLE",
    "CLAUDE_CODE_SAFE_MODE", "CLAUDE_CONFIG_DIR",
}  # fmt: skip
# What these hold is expanded when a prompt is shown.
EXPANDED_FROM_ENVIRONMENT = {"PS1", "PS4"}


def judge_shell(command: str, places: Places, cwd: str) -> str | None:
    """None when nothing guarded is touched, else why not, with the part of the command that is meant."""
    text = re.sub(PRIVATE, "\ufffd", command).replace("\0", "")
    shell = Shell(places, cwd)
    try:
        shell.run_text(text, "")
    except Denied as denied:
        return str(denied)
    except (Beyond, RecursionError):
        # What fills a command up so that its end is not read would hide that end.
        return raw_names(text, places, cwd) or TOO_LARGE
    return raw_names(shell.unread, places, cwd) if shell.unread else None


def raw_names(text: str, places: Places, cwd: str) -> str | None:
    """For what cannot be read as a shell reads it: does a secret's name stand in it?"""
    until = time.process_time() + RAW_SECONDS
    for name in set(re.findall(RAW_NAME, text)):
        if time.process_time() > until:
            return "the command is too long to be looked through; say it in smaller parts"
        reason = places.reason(name, cwd=cwd, writes=False)
        if reason:
            return f"{reason}, and the command cannot be read in full; say it in smaller parts"
    return None


class Shell(Memory):
    """`unread`: the text that stood after an opening quote or bracket that never closes."""

    def __init__(self, places: Places, cwd: str) -> None:
        super().__init__(places, cwd)
        self.unread = ""
        self.depth = 0
        self.steps = 0
        self.table: dict[str, tuple[str, str]] = {}

    # ---- texts and nodes

    def run_text(self, text: str, stdin: str) -> str:
        """Reads and runs; answers with what is printed, as far as it is known."""
        self.depth += 1
        if self.depth > DEEPEST_CALL:
            raise Beyond("nested too deep")
        program, unread = read_shell(text, self.depth // 2)
        self.unread = self.unread or unread
        output = self.run(program, stdin)
        self.depth -= 1
        return output

    def run_apart(
        self,
        text: str,
        stdin: str,
        *,
        elsewhere: bool = False,
        arguments: list[str] | None = None,
        itself: Sequence[str] = (),
    ) -> str:
        """As `run_text`, in a shell of its own: what it sets is forgotten. `itself`: its `$0`."""
        before = self.state
        self.state = before.copy()
        self.state.elsewhere = before.elsewhere or elsewhere
        if arguments is not None:
            self.state.arguments = arguments
        if itself:
            self.state.variables["0"] = tuple(itself)
        try:
            return self.run_text(text, stdin)
        finally:
            self.state = before

    def captured(self, node: Node | None, stdin: str = "") -> str:
        """What a substitution gives."""
        return self.run_copy(node, stdin) if node is not None else ""

    def run_copy(self, node: Node, stdin: str) -> str:
        before = self.state
        source = self.source
        self.state = before.copy()
        try:
            return self.run(node, stdin)
        finally:
            self.state = before
            self.source = source

    def run(self, node: Node, stdin: str) -> str:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Beyond("too long")
        if self.steps % 32 == 0:
            self.in_time()
        if node.kind == "simple":
            return self.simple(node, stdin)
        if node.redirects:
            self.source = node.source
            stdin = self.redirected_input(node.redirects, stdin)
        output = self.KINDS[node.kind](self, node, stdin)
        if node.redirects:
            self.source = node.source
            output = self.redirected_output(node.redirects, output, [])
        return output

    def run_list(self, node: Node, stdin: str) -> str:
        outputs = [self.run(part, stdin) for part in node.parts]
        return together(outputs)

    def run_pipe(self, node: Node, stdin: str) -> str:
        flow = stdin
        for part in node.parts:
            flow = self.run_copy(part, flow)
        return flow

    def run_and(self, node: Node, stdin: str) -> str:
        first = self.run(node.parts[0], stdin)
        return together([first, self.run_perhaps(node.parts[1], stdin, absent(node.parts[0], node.kind == "and"))])

    def run_perhaps(self, node: Node, stdin: str, missing: list[str]) -> str:
        """It may run, or may not; if it does, these paths are not there."""
        before = self.state.copy()
        self.state.absent = self.state.absent | frozenset(missing)
        output = self.run(node, stdin)
        self.state.absent = before.absent
        self.state.join(before)
        return output

    def run_branches(self, node: Node, stdin: str) -> str:
        """Conditions and bodies in turn; an else has no condition."""
        outputs = []
        missing: list[str] = []
        for position, part in enumerate(node.parts):
            is_condition = position % 2 == 0 and position + 1 < len(node.parts)
            if is_condition:
                outputs.append(self.run_perhaps(part, stdin, missing))
                outputs.append(self.run_perhaps(node.parts[position + 1], stdin, missing + absent(part, True)))
                missing = missing + absent(part, False)
            elif position % 2 == 0:
                outputs.append(self.run_perhaps(part, stdin, missing))
        return together(outputs)

    def run_loop(self, node: Node, stdin: str) -> str:
        """Twice, so that what a first turn sets is known in the second."""
        outputs = []
        for _turn in range(2):
            outputs = [self.run_perhaps(part, stdin, []) for part in node.parts]
        return together(outputs)

    def run_for(self, node: Node, stdin: str) -> str:
        fields = [field for word in node.words for fields in expand(self, word) for field in fields]
        if not fields:
            return ""
        outputs = []
        if len(fields) > MOST_WAYS:
            self.state.arrays[node.text] = fields
            self.state.variables.pop(node.text, None)
            outputs.append(self.run_perhaps(node.parts[0], stdin, []))
            return together(outputs)
        for field in fields:
            self.state.variables[node.text] = (field,)
            outputs.append(self.run_perhaps(node.parts[0], stdin, []))
        return together(outputs)

    def run_case(self, node: Node, stdin: str) -> str:
        for word in node.words:
            expand(self, word)
        return together([self.run_perhaps(part, stdin, []) for part in node.parts])

    def run_function(self, node: Node, _stdin: str) -> str:
        self.state.functions[node.text] = node.parts[0]
        return ""

    def run_group(self, node: Node, stdin: str) -> str:
        return self.run(node.parts[0], stdin)

    def run_subshell(self, node: Node, stdin: str) -> str:
        return self.run_copy(node.parts[0], stdin)

    def run_test(self, node: Node, _stdin: str) -> str:
        for word in node.words:
            expand(self, word)
        return ""

    KINDS: dict[str, Callable[[Shell, Node, str], str]] = {  # noqa: RUF012
        "list": run_list,
        "pipe": run_pipe,
        "and": run_and,
        "or": run_and,
        "not": run_group,
        "branches": run_branches,
        "loop": run_loop,
        "for": run_for,
        "case": run_case,
        "function": run_function,
        "group": run_group,
        "subshell": run_subshell,
        "test": run_test,
    }

    # ---- simple commands

    def simple(self, node: Node, stdin: str) -> str:
        self.source = node.source
        before = self.state
        if node.words and node.assigned:
            self.state = before.copy()
        self.assign(node)
        ways: list[list[str]] = [[]]
        for position, word in enumerate(node.words):
            if position % 256 == 255:
                self.in_time()
            alternatives = expand(self, word)
            if len(ways) == 1 and len(alternatives) == 1:
                ways[0].extend(alternatives[0])
            else:
                ways = [way + fields for way in ways for fields in alternatives][:MOST_WAYS]
        if node.redirects:
            stdin = self.redirected_input(node.redirects, stdin)
        outputs = []
        for way in ways:
            self.source = node.source
            output = self.command(way, stdin) if way else ""
            if "1" in self.state.outputs:
                self.note_written(self.state.outputs["1"], output)
            if node.redirects:
                self.source = node.source
                output = self.redirected_output(node.redirects, output, way)
            outputs.append(output)
        if node.words and node.assigned:
            before.join(self.state)
            before.cwds = self.state.cwds
            self.state = before
        return together(outputs)

    def assign(self, node: Node) -> None:
        for told, word, array in node.assigned:
            name, _, key = told.rstrip("+").partition("[")
            if array or not word:
                elements = [field for element in array for fields in expand(self, element) for field in fields]
                self.set_array(name, elements, adds=told.endswith("+"))
            if key:
                self.set_element(name, key.rstrip("]"), expand_text(self, word))
            elif word or not array:
                values = expand_text(self, word)
                if told.endswith("+"):
                    before = self.lookup(name) or [ANY]
                    values = [known + value for known in before for value in values]
                self.set_variable(name, values)

    def set_variable(self, name: str, values: list[str]) -> None:
        self.state.variables[name] = tuple(values[:MOST_KNOWN])
        for value in values:
            if name in RUN_FROM_ENVIRONMENT:
                self.run_apart(value, "")
            elif name in EXPANDED_FROM_ENVIRONMENT and "$(" in value:
                self.run_apart(f'echo "{value}"', "")
            elif name in READ_FROM_ENVIRONMENT:
                self.ask(value)

    def command(self, words: list[str], stdin: str) -> str:
        """One command of which the words are known."""
        self.steps += 1
        self.depth += 1
        if self.depth > DEEPEST_CALL or self.steps > MOST_STEPS:
            raise Beyond("too deep")
        try:
            return self.dispatch(words, stdin)
        finally:
            self.depth -= 1

    def dispatch(self, words: list[str], stdin: str) -> str:
        if not words or not words[0]:
            return self.command(words[1:], stdin) if words[1:] else ""
        name = plain(os.path.basename(words[0]))
        if "/" in words[0]:
            self.ask(words[0])
            if self.was_written(words[0]):
                return self.run_apart(self.was_written(words[0]), stdin, arguments=words[1:])
            if only_names(self, name) and not words[0].startswith(STANDARD):
                # Another program may have the name of one that only names files.
                for word in words[1:]:
                    self.ask_shapes(word, writes=True)
                return ANY
        self.refuse_removal(name, words)
        function = self.state.functions.get(name)
        if isinstance(function, Node):
            return self.call(function, words[1:], stdin)
        if isinstance(function, str):
            self.state.functions.pop(name)
            return self.run_apart(" ".join([function, *map(quoted_again, words[1:])]), stdin)
        if name in EDITS:
            self.ask_edited(words[1:], "\n".join([*words[1:], stdin]))
        for table in (
            SHELL_BUILTINS,
            TEXT_COMMANDS,
            FILE_COMMANDS,
            SEARCHERS,
            RUNNERS,
            ELSEWHERE,
            SERVICES,
            GIT_COMMANDS,
        ):
            handler = table.get(name)
            if handler is not None:
                return handler(self, name, words[1:], stdin)
        return by_table(self, name, words[1:], stdin)

    def call(self, function: Node, arguments: list[str], stdin: str) -> str:
        before = self.state.arguments
        self.state.arguments = arguments
        try:
            return self.run(function, stdin)
        finally:
            self.state.arguments = before

    def refuse_removal(self, name: str, words: list[str]) -> None:
        if name == "claude" or any(CLAUDE in word for word in words):
            self.refuse_unguarded(words)
        if "onebox" in words or name == "onebox":
            after = words[words.index("onebox") + 1 :] if "onebox" in words else words[1:]
            told = [word for word in after if not word.startswith("-")]
            if told[:2] == ["kit", "remove"] and "--help" not in after:
                self.deny("this takes the guard away; a person runs `onebox kit remove`")
            if told[:2] == ["kit", "init"] and "--force" in after:
                self.deny("this writes the list of secrets anew, which guards the secrets; a person runs it")

    def refuse_unguarded(self, words: list[str]) -> None:
        """Claude Code started without the settings of the project has no guard."""
        if any(word.partition("=")[0] in UNGUARDED for word in words) or UNGUARDED & set(self.state.variables):
            self.deny("an assistant that is started so leaves out what guards the secrets")
        if "--" in words:
            self.command(words[words.index("--") + 1 :], "")

    # ---- redirections

    def redirected_input(self, redirects: list[Redirect], stdin: str) -> str:
        for redirect in redirects:
            if redirect.operator in {"<<", "<<-"}:
                stdin = "\n".join(expand_text(self, redirect.word))
            elif redirect.operator == "<<<":
                stdin = "\n".join(expand_text(self, redirect.word)) + "\n"
            elif redirect.operator in {"<", "<>", "<&"}:
                stdin = self.opened(redirect, stdin)
        return stdin

    def opened(self, redirect: Redirect, stdin: str) -> str:
        for target in self.targets(redirect):
            if redirect.operator == "<&" and (target.isdigit() or target == "-"):
                continue
            self.ask(target, writes=redirect.operator == "<>")
            stdin = self.text_of(target, stdin) or ANY
        return stdin

    def targets(self, redirect: Redirect) -> list[str]:
        return [field for fields in expand(self, redirect.word) for field in fields]

    def redirected_output(self, redirects: list[Redirect], output: str, words: list[str]) -> str:
        for redirect in redirects:
            if ">" not in redirect.operator or redirect.operator == "<>":
                continue
            for target in self.targets(redirect):
                if redirect.operator == ">&" and target in self.state.outputs and redirect.number in {"", "1"}:
                    self.note_written(self.state.outputs[target], output)
                if redirect.operator == ">&" and (target.isdigit() or target in {"-", ""}):
                    continue
                if words == ["exec"]:
                    self.state.outputs[redirect.number or "1"] = target
                self.ask_program(target)
                if not self.makes_from_template(redirects, target, words):
                    self.ask(target, writes=True)
                if redirect.number in {"", "1"}:
                    self.note_written(target, output, adds=">>" in redirect.operator)
                    if words and words[0] in CHANGES_TEXT:
                        self.ask_written(target, kept_text(plain("\n".join(words[1:]))))
            if redirect.number in {"", "1"}:
                output = ""
        return output

    def makes_from_template(self, redirects: list[Redirect], target: str, words: list[str]) -> bool:
        """`cat .env.example > .env` where there is no .env yet."""
        if not words or words[0] not in {"cat", "sed", "envsubst", "grep"} or not self.is_missing(target):
            return False
        sources = [word for word in words[1:] if not word.startswith("-")]
        for redirect in redirects:
            if redirect.operator == "<":
                sources += self.targets(redirect)
        if words[0] in {"sed", "grep"}:
            sources = sources[1:]
        return bool(sources) and all(self.is_template(source) for source in sources)


def absent(node: Node, holds: bool) -> list[str]:
    """The paths that are not there when this condition holds (or does not)."""
    if node.kind == "not":
        return absent(node.parts[0], not holds)
    if node.kind in {"group", "subshell", "list"} and len(node.parts) == 1:
        return absent(node.parts[0], holds)
    if node.kind == "and" and holds:
        return absent(node.parts[0], True) + absent(node.parts[1], True)
    if node.kind == "and" and node.parts[1].source.startswith(("echo ", "printf ", "true", ":")):
        # `test -f x && echo there || …`: what prints does not fail.
        return absent(node.parts[0], False)
    if node.kind == "or" and not holds:
        return absent(node.parts[0], False) + absent(node.parts[1], False)
    if node.kind not in {"simple", "test"}:
        return []
    words = [plain("".join(part.text for part in word if part.kind == "text")) for word in node.words]
    words = [word for word in words if word not in {"[", "]", "test", ""}]
    while words[:1] == ["!"]:
        words = words[1:]
        holds = not holds
    return [words[1]] if len(words) == 2 and words[0] in {"-f", "-e", "-s", "-r", "-a"} and not holds else []


def quoted_again(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
