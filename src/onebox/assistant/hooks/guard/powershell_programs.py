"""Programs that are given a command of their own: PowerShell itself, the older shell of Windows, and the other system's."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.powershell_lexer import DASHES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.powershell_calls import Caller

_VALUED = "executionpolicy ep ex windowstyle w inputformat inp outputformat o version configurationname workingdirectory wd settingsfile custompipename psconsolefile".split()
_READ_A_PIPE = ("powershell", "pwsh")
_CMD_SPLIT = r'((?:"[^"]*"|\^.|[^&|"^])*)(&&|\|\||[&|]|$)'
_CMD_WORD = r'(?:"[^"]*"|\^.|[^\s"^;,=])+|='
_CMD_REDIRECT = r'[012]?(>>?|<)\s*("[^"]*"|[^\s<>&|]+)'
# Of the older shell's words, those that have another name in PowerShell or take what they are given otherwise.
CMD_WORDS = {
    "type": "Get-Content",
    "more": "Get-Content",
    "copy": "Copy-Item",
    "xcopy": "Copy-Item -Recurse",
    "move": "Move-Item",
    "ren": "Rename-Item",
    "rename": "Rename-Item",
    "del": "Remove-Item",
    "erase": "Remove-Item",
    "rd": "Remove-Item -Recurse",
    "rmdir": "Remove-Item -Recurse",
    "dir": "Test-Path",
    "cd": "Set-Location",
    "chdir": "Set-Location",
    "pushd": "Push-Location",
    "popd": "Pop-Location",
    "md": "mkdir",
    "mkdir": "mkdir",
    "if": "",
    "call": "",
    "echo": "Write-Output",
    "rem": "Write-Host",
    "title": "Write-Host",
    "ver": "Write-Host",
    "vol": "Write-Host",
    "cls": "Write-Host",
    "set": "Write-Host",
    "where": "Write-Host",
}


def run_program(shell: Caller, name: str, words: list[str], stdin: str) -> bool:
    """Runs one of these; says whether it was one. `stdin`: what comes in by a pipe."""
    program = PROGRAMS.get(name)
    if program is None:
        return False
    program(shell, [stdin if word == "-" else word for word in words] if name in _READ_A_PIPE else words)
    return True


def powershell(shell: Caller, words: list[str]) -> None:
    at = 0
    while at < len(words):
        word = words[at].lower()
        at += 1
        if word[:1] not in DASHES + "/" or "\n" in word:
            if shell.is_script(words[at - 1]):
                shell.run_words([words[at - 1], *words[at:]])
            else:
                shell.run_text(" ".join(words[at - 1 :]))
            return
        option = word[1:]
        if "command".startswith(option) or option == "commandwithargs":
            shell.run_text(" ".join(words[at:]))
            return
        if "encodedcommand".startswith(option) or option in {"ec", "enc"}:
            shell.run_text(decoded_command(words[at] if at < len(words) else ""))
            return
        if "file".startswith(option):
            shell.run_words(words[at:])
            return
        if option in _VALUED or (len(option) > 2 and any(name.startswith(option) for name in _VALUED)):
            at += 1


def decoded_command(text: str) -> str:
    import base64

    try:
        return base64.b64decode(text).decode("utf-16-le", "replace")
    except ValueError:
        return ""


def older_shell(shell: Caller, words: list[str]) -> None:
    """`cmd /c type x`"""
    start = next((at for at, word in enumerate(words) if word.lower()[:2] in {"/c", "/k", "/r"}), None)
    if start is None:
        return
    run_cmd(shell, " ".join([words[start][2:], *words[start + 1 :]]))


def run_cmd(shell: Caller, text: str) -> None:
    if text.count('"') == 2 and text.strip()[:1] == text.strip()[-1:] == '"':
        text = text.strip()[1:-1]
    for found in re.finditer(_CMD_SPLIT, text):
        run_cmd_command(shell, found[1])


def run_cmd_command(shell: Caller, text: str) -> None:
    text = re.sub(r"%(\w+)%", lambda found: shell.of_environment(found[1]), text.strip().lstrip("(@").rstrip(")"))
    loop = re.match(r"(?i)for\s.*?\bin\s*\(([^)]*)\)\s*do\s+", text)
    if loop is not None:
        for word in loop[1].replace("'", " ").split():
            shell.ask(word.strip('"'))
        text = text[loop.end() :]
    written = text.partition(">")[0]
    for redirect in re.finditer(_CMD_REDIRECT, text):
        target = redirect[2].strip('"')
        if target.lower() != "nul":
            if redirect[1] == "<":
                shell.ask(target)
            else:
                shell.write(target, [written])
    words = [
        re.sub(r"\^(.)", r"\1", word).replace('"', "")
        for word in re.findall(_CMD_WORD, re.sub(_CMD_REDIRECT, "", text))
    ]
    if not words:
        return
    name = words[0].lower()
    name = name[:-4] if name.endswith((".exe", ".com")) else name
    if name in CMD_WORDS:
        kept = [word for word in words[1:] if not re.match(r"/[A-Za-z?-]", word) or word.count("/") > 1]
        if name == "copy" and kept and "+" in kept[0]:
            for part in kept[0].split("+"):
                shell.ask(part)
        shell.run_words([*CMD_WORDS[name].split(), *kept])
    else:
        shell.run_words(words)


def split_words(text: str) -> list[str]:
    """The words of a command line of Windows."""
    words, quoted, begun = [""], False, False
    for letter in text:
        if letter == '"':
            quoted, begun = not quoted, True
        elif letter in " \t" and not quoted:
            words, begun = ([*words, ""], False) if words[-1] or begun else (words, False)
        else:
            words[-1] += letter
    return [word for word in words if word]


def other_system(shell: Caller, words: list[str]) -> None:
    """`wsl -d Ubuntu -- cat x`"""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in {"-d", "--distribution", "-u", "--user", "--cd"} else 1
        if words[at - 1 : at] in (["--"], ["-e"], ["--exec"]):
            break
    if words[at:]:
        shell.run_program_of_system(words[at:])
        if len(words[at:]) == 1 or any(re.search(r"[;&|<>]", word) for word in words[at:]):
            shell.shell.run_apart(" ".join(words[at:]), "")


def find_text(shell: Caller, words: list[str]) -> None:
    """`findstr PATTERN FILE`; `find "PATTERN" FILE`"""
    given = any(word.lower().startswith(("/c:", "/g:")) for word in words)
    files = [word for word in words if not word.startswith("/")]
    for word in [word[3:] for word in words if word.lower().startswith(("/f:", "/g:", "/d:"))]:
        shell.ask(word)
    deep = any(re.fullmatch(r"(?i)/[a-z]*s[a-z]*", word) for word in words)
    for word in files if given else files[1:]:
        if deep and word in {"*", "*.*"}:
            shell.ask(".", deep=True)
        shell.ask(word)


def copy_tree(shell: Caller, words: list[str]) -> None:
    """`robocopy FROM TO [FILES] [/XF …]`"""
    from onebox.assistant.hooks.guard.powershell_values import Listing

    places: list[str] = []
    names: list[str] = []
    without: list[str] = []
    into: list[str] | None = None
    for word in words:
        if word.startswith("/") and word.count("/") == 1:
            into = without if word.lower() in {"/xf", "/xd"} else None
        elif into is not None:
            into.append(word)
        else:
            (places if len(places) < 2 else names).append(word)
    if places:
        deep = any(word.lower() in {"/e", "/s", "/mir"} for word in words)
        shell.ask(Listing(places[0], deep=deep, names=tuple(names) or None, without=tuple(without)))
    for target in places[1:]:
        shell.ask(target, writes=True)


def make_link(shell: Caller, words: list[str]) -> None:
    for word in words:
        if not re.fullmatch(r"/[A-Za-z]", word):
            shell.ask(word, writes=True)


def mark_words(shell: Caller, words: list[str]) -> None:
    """`attrib +h x`, `icacls x /grant …`: as `chmod`."""
    for word in words:
        if word[:1] not in "/+-" and not shell.refused(word):
            shell.ask(word, writes=True, removes=True)


def certificates(shell: Caller, words: list[str]) -> None:
    if [word.lower() for word in words[:1]] != ["-hashfile"]:
        shell.run_program_of_system(["certutil", *words])


PROGRAMS: dict[str, Callable[[Caller, list[str]], None]] = {
    "powershell": powershell,
    "pwsh": powershell,
    "powershell_ise": powershell,
    "cmd": older_shell,
    "wsl": other_system,
    "findstr": find_text,
    "robocopy": copy_tree,
    "mklink": make_link,
    "attrib": mark_words,
    "icacls": mark_words,
    "certutil": certificates,
}
