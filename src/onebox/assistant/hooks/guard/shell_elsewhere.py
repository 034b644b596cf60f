"""Commands that run others in a container or on another machine, and those that carry files there."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_options import Options
from onebox.assistant.hooks.guard.shell_words import ANY, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

ELSEWHERE_VALUED = (
    "-e --env -u --user -w --workdir -v --volume -p --publish --name --network --net --entrypoint -l --label -m "
    "--memory --cpus --env-file --mount --platform --restart --add-host -h --hostname --gpus --pull --cap-add "
    "--device --dns --expose --ip --link --log-driver --security-opt --shm-size --tmpfs --ulimit -c --container -n "
    "--namespace --context --kubeconfig --index --image --overrides -f --filename"
)
SSH_VALUED = "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B"
SHOWS_MOUNTED = r"\b(?:cat|cp|base64|head|tail|tee|od|xxd|grep)\b[^\n]{0,200}/run/secrets"
PRINTS_ALL = {"env", "printenv", "set", "export", "declare"}


def containers(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`docker`, `podman`, `docker compose`, `kubectl`: exec and run happen elsewhere."""
    options = Options(
        words, "--env-file -f --file -p --project-name -H --host --context -n --namespace --kubeconfig", stop=True
    )
    loaded = options.values("--env-file")
    for file in options.values("-f", "--file"):
        shell.ask(file)
    rest = options.rest
    if rest[:1] == ["compose"] and name != "kubectl":
        return containers(shell, "docker-compose", [*(f"--env-file={file}" for file in loaded), *rest[1:]], stdin)
    if rest[:1] in (["container"], ["image"]):
        rest = rest[1:]
    action = rest[0] if rest else ""
    shell.refuse_printing(loaded, rest)
    if name == "docker-compose" and action == "config":
        refuse_compose_config(shell, rest)
    if action in {"exec", "run"}:
        if name.endswith("-compose"):
            refuse_its_environment(shell, rest[1:])
        return run_in_container(shell, rest[1:], stdin)
    if action == "create" and name in {"kubectl", "oc"}:
        ask_taken(shell, rest)
    if "build" in rest[:2]:
        ask_build(shell, rest, stdin)
    kept = without_secret_options(rest[1:])
    for word in kept:
        shell.ask_shapes(word, writes=True)
    return ANY


def ask_build(shell: Shell, words: list[str], stdin: str) -> None:
    """A build loads its secrets, and a Dockerfile that this very command writes must not print them."""
    options = Options(words, "--secret -f --file")
    told = "".join(shell.text_of(file, stdin) for file in options.values("-f", "--file") or ["Dockerfile"])
    if not told or not re.search(SHOWS_MOUNTED, told):
        return
    for value in options.values("--secret"):
        for piece in value.split(","):
            shell.ask(piece.partition("=")[2])


def ask_taken(shell: Shell, words: list[str]) -> None:
    """`kubectl create configmap x --from-file=.` takes each file of the folder."""
    for value in Options(words, "--from-file").values("--from-file"):
        shell.ask_names(Names(value.rpartition("=")[2], deep=False))


def refuse_its_environment(shell: Shell, words: list[str]) -> None:
    """`docker compose exec web env`: what the service has loaded from .env would be printed."""
    ran = Options(words, ELSEWHERE_VALUED, stop=True).rest[1:]
    if len(ran) == 1 and ran[0] in PRINTS_ALL and not shell.is_missing(".env"):
        shell.refuse_printing([".env"], ran)


def refuse_compose_config(shell: Shell, words: list[str]) -> None:
    """It prints what it has filled in from .env."""
    harmless = {
        "--quiet",
        "-q",
        "--services",
        "--images",
        "--volumes",
        "--profiles",
        "--no-interpolate",
        "--hash",
        "--networks",
    }
    if not harmless & set(words) and not shell.is_missing(".env"):
        shell.ask(".env")


def without_secret_options(words: list[str]) -> list[str]:
    """`docker build --secret id=env,src=.env` and `--env-file` load a file, and print nothing of it."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in {"--secret", "--env-file"}:
            skip = True
        elif not word.startswith(("--secret=", "--env-file=")):
            kept.append(word)
    return kept


def run_in_container(shell: Shell, words: list[str], stdin: str) -> str:
    options = Options(words, ELSEWHERE_VALUED, stop=True)
    for name in ("-v", "--volume", "--mount", "--device", "-f", "--filename"):
        for value in options.values(name):
            shell.ask_shapes(value)
    mounts = [value.split(":")[:2] for value in options.values("-v", "--volume")]
    for value in options.values("--mount"):
        told = dict(piece.partition("=")[::2] for piece in value.split(","))
        mounts.append([told.get("source") or told.get("src") or "", told.get("target") or told.get("dst") or ""])
    there = tuple((pair[1].rstrip("/") + "/", pair[0]) for pair in mounts if len(pair) == 2 and all(pair))
    rest = options.rest[1:]
    if "--" in rest:
        rest = rest[rest.index("--") + 1 :]
    rest = options.values("--entrypoint") + rest
    shell.refuse_printing(options.values("--env-file"), rest)
    return run_elsewhere(shell, rest, stdin, there)


def run_elsewhere(shell: Shell, words: list[str], stdin: str, mounts: tuple[tuple[str, str], ...] = ()) -> str:
    if not words:
        return ANY
    before = shell.state
    shell.state = before.copy()
    shell.state.elsewhere = True
    shell.state.mounts = mounts
    shell.state.variables.clear()
    try:
        return shell.command(words, stdin)
    finally:
        shell.state = before


def remote(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`ssh host CMD`: the words are put together and read by a shell there."""
    options = Options(words, SSH_VALUED, stop=True)
    for name in ("-F", "-E"):
        for file in options.values(name):
            shell.ask(file, writes=name == "-E")
    for option in options.values("-o"):
        key, _, value = option.partition("=")
        if key.strip().lower() in {"proxycommand", "localcommand", "knownhostscommand"}:
            shell.run_apart(value, "")
    if len(options.rest) > 1:
        return shell.run_apart(" ".join(options.rest[1:]), stdin, elsewhere=True)
    if stdin.strip(ANY + "\n"):
        return shell.run_apart(stdin, "", elsewhere=True)
    return ANY


def transfer(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`sftp box <<< 'put .env'`, `lftp -e 'put .env' box`."""
    options = Options(words, "-i -F -b -B -c -D -J -l -o -P -R -S -s -e -u -p -f")
    for file in options.values("-b", "-f"):
        shell.ask(file)
    for text in [*options.rest, *options.values("-e", "-c"), stdin]:
        for word in re.split(r"[\s;:]+", text)[:200]:
            shell.ask(word, writes=True)
    return ANY


ELSEWHERE: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "kubectl", "oc"), containers),
    **dict.fromkeys(("sftp", "lftp", "ftp"), transfer),
    "ssh": remote,
}
