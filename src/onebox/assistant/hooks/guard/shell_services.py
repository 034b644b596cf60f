"""Programs that know a place for secrets of their own, or give a whole folder away: WordPress, web servers, buckets, keys."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_asking import shapes
from onebox.assistant.hooks.guard.shell_code import ask_code
from onebox.assistant.hooks.guard.shell_options import Options, ask_deep
from onebox.assistant.hooks.guard.shell_words import ANY, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

HOLDS_VALUES = r"(?i)pass|key|salt|secret|token|user|auth"
CURL_VALUED = (
    "-o --output -T --upload-file -K --config -b --cookie -c --cookie-jar -D --dump-header --trace --trace-ascii "
    "--stderr --etag-save --hsts -F --form --form-string -d --data --data-ascii --data-binary --data-raw --json "
    "--data-urlencode --url-query -H --header --proxy-header -X --request -u --user -A --user-agent -e --referer -m "
    "--max-time --connect-timeout -x --proxy -w --write-out -C --continue-at -r --range --retry --retry-delay "
    "--resolve --connect-to -E --cert --key --cacert --capath --netrc-file --url --limit-rate --interface --output-dir"
)
CURL_SENDS = ("-d", "--data", "--data-ascii", "--data-binary", "--json", "-H", "--header", "--proxy-header")
CURL_READS = ("-T", "--upload-file", "-K", "--config", "-b", "--cookie", "--netrc-file")
CERTIFICATES = (".pem", ".crt", ".cer", ".key", ".p12", ".pfx", ".der")
CURL_WRITES = (
    "-o", "--output", "-c", "--cookie-jar", "-D", "--dump-header", "--trace", "--trace-ascii", "--stderr",
)  # fmt: skip
UPLOADS = {
    "aws": r"s3 (?:sync|cp|mv)\b",
    "gsutil": r"(?:-m )?(?:rsync|cp|mv)\b",
    "gcloud": r"storage (?:rsync|cp|mv)\b",
    "s3cmd": r"(?:sync|put)\b",
    "rclone": r"(?:copy|sync|move|copyto|moveto|bisync)\b",
    "az": r"storage blob (?:upload-batch|sync)\b",
    "mc": r"(?:mirror|cp)\b",
}
UPLOAD_VALUED = (
    "--exclude --include --exclude-from --filter --profile --region --acl --endpoint-url --cache-control -x --config "
    "--storage-class -s --source -d --destination --account-name"
)
# What takes folders whole, and the word that must come first where it does so.
TAKES_WHOLE = {
    **dict.fromkeys(
        ("ditto", "mkisofs", "genisoimage", "xorriso", "mksquashfs", "duplicity", "unison", "rdiff-backup"), ""
    ),
    "borg": "create", "restic": "backup", "kopia": "snapshot", "wormhole": "send", "croc": "send",
}  # fmt: skip
WHOLE_VALUED = "-o -r --repo --exclude --iexclude -e -m -x --exclude-file --tag --root -V -volid -p --password-file"
TAKEN_IN = r"(?m)^\s*(?:#\s*(?:include|embed)|\.inc(?:lude|bin))\s*[\"<]([^\">\n]{1,300})"
LONGEST_SOURCE_READ = 100_000
KEYS_USED_BY = {"req", "x509", "ca", "s_server", "s_client", "verify", "cms", "ocsp", "ts"}
TAKES_KEY = "-key -signkey -CAkey -inkey -cert -CA -CAfile -recip -signer -sign -verify -force_pubkey"
MAKES_KEY = "-keyout -out"


# ---- WordPress


def wordpress(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`wp config` shows and changes wp-config.php; `wp eval` runs PHP with what is in it."""
    options = Options(words)
    told = options.rest
    folder = (options.values("--path") or ["."])[0]
    config = f"{folder}/wp-config.php"
    if told[:1] == ["config"]:
        ask_settings(shell, config, told[1:], options)
    elif told[:1] in (["eval"], ["shell"]):
        for code in [*told[1:], stdin]:
            ask_code(shell, "php", plain(code))
            if re.search(r"DB_PASSWORD|DB_USER|\w{1,40}_(?:KEY|SALT)\b|get_defined_constants", code):
                shell.ask(config)
    else:
        for word in words:
            shell.ask_shapes(word, writes=True)
    return ANY


def ask_settings(shell: Shell, config: str, told: list[str], options: Options) -> None:
    action, names = (told[0] if told else ""), told[1:2]
    if action in {"path", "has", "is-true"} or (action == "create" and shell.is_missing(config)):
        return
    if action in {"get", "set", "delete", "list"} and names and not re.search(HOLDS_VALUES, names[0]):
        return
    if not options.has("--help"):
        shell.ask(config, writes=action != "get")


# ---- web servers


def serve(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`serve`, `http-server`, `busybox httpd`: whatever is in the folder can be fetched."""
    options = Options(words, "-l --listen -p --port -a -c --config -S -C -K -h -d --directory")
    folders = options.values("-h", "-d", "--directory") + options.rest
    serve_folder(shell, folders[0] if folders else ".")
    return ANY


def serve_by_option(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`caddy file-server --root .`, `ngrok http file:///here`."""
    if name == "caddy" and words[:1] == ["file-server"]:
        serve_folder(shell, (Options(words, "--root").values("--root") or ["."])[0])
    for word in words:
        if name == "ngrok" and word.startswith("file://"):
            serve_folder(shell, word[7:])
        shell.ask_shapes(word, writes=True)
    return ANY


def serve_folder(shell: Shell, folder: str, *, runs_php: bool = False) -> None:
    ask_deep(shell, folder, without=("*.php", "*.phtml") if runs_php else ())


# ---- buckets


def upload(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`aws s3 sync . s3://x --exclude '.env*'` and its like take a folder whole."""
    options = Options(words, UPLOAD_VALUED)
    line = " ".join(options.rest)
    if re.match(UPLOADS[name], line) and not (name == "aws" and "sync" not in line and not options.has("--recursive")):
        without = tuple(plain(value) for value in options.values("--exclude", "-x"))
        for word in options.rest + options.values("-s", "--source"):
            if "://" not in word and not re.match(r"[\w-]+:", word):
                ask_deep(shell, word, without=without)
            shell.ask_shapes(word, writes=True)
    else:
        for word in words:
            shell.ask_shapes(word, writes=True)
    for file in options.values("--exclude-from", "--filter"):
        shell.ask_shapes(file)
    return ANY


def take_whole(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`restic backup .`, `mkisofs -o x.iso .`, `ditto . /tmp/x`: folders go whole into a copy or an image."""
    at = words.index("-e") if name == "mksquashfs" and "-e" in words else len(words)
    without = [plain(word) for word in words[at + 1 :]]
    options = Options(words[:at], WHOLE_VALUED)
    without += [plain(value) for value in options.values("--exclude", "--iexclude", "-e", "-m", "-x")]
    action, told = TAKES_WHOLE[name], options.rest
    if not action or told[:1] == [action]:
        for word in told[1:] if action else told:
            ask_deep(shell, word, without=tuple(without))
    for word in words[:at]:
        if plain(word) not in without:
            shell.ask_shapes(word, writes=True)
    return ANY


# ---- compilers


def compile_source(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`gcc -E - <<< '#include ".env"'`: what is taken in is printed, or stands in a complaint."""
    for word in words:
        shell.ask_shapes(word, writes=True)
    for text in [stdin, *(shell.was_written(word) for word in words)]:
        for file in re.findall(TAKEN_IN, text[:LONGEST_SOURCE_READ]) if text else ():
            shell.ask(file)
    return ANY


# ---- requests


def curl(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """What `@` and `<` stand before is sent; `-o` and `-O` write; `file:` reads; `-K` holds more of all that."""
    options = Options(words, CURL_VALUED)
    for path in sent_files(options):
        shell.ask(path)
    for value in options.values(*CURL_READS):
        for shape in shapes(value):
            shell.ask(shape)
    for value in options.values("-E", "--cert", "--cacert"):
        if not value.endswith(CERTIFICATES):
            shell.ask(value)
    for value in options.values(*CURL_WRITES):
        shell.ask(value, writes=True)
    for word in options.rest + options.values("--url"):
        if word.lower().startswith("file:"):
            shell.ask(word)
        elif options.has("-O", "--remote-name", "--remote-name-all"):
            shell.ask(word.partition("?")[0].rpartition("/")[2], writes=True)
    for file in options.values("-K", "--config"):
        for word in re.split(r"[\s\"'=@<]+", shell.text_of(file, stdin))[:200]:
            shell.ask(word)
    return ANY


def sent_files(options: Options) -> list[str]:
    """The files whose content goes into a request: `-F a=@x;type=b`, `-d @x`, `--data-urlencode a@x`."""
    paths = [value[1:] for value in options.values(*CURL_SENDS) if value.startswith("@")]
    for value in options.values("-F", "--form"):
        pieces = value.partition("=")[2].split(",")
        paths += [piece[1:].partition(";")[0].strip("\"'") for piece in pieces if piece[:1] in {"@", "<"}]
    for value in options.values("--data-urlencode", "--url-query"):
        before, _, after = value.partition("@")
        paths += [] if "=" in before else [after]
    return paths


def http(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`http POST host field=@file file@file`."""
    for value in Options(words, "-o --output --cert --cert-key").values("-o", "--output"):
        shell.ask(value, writes=True)
    for word in words:
        if "@" in word and "://" not in word:
            shell.ask(word.partition("@")[2])
    return ANY


# ---- keys


def openssl(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """A key that signs or is made is not printed; what `-in` names is, in another dress."""
    action, rest = (words[0], words[1:]) if words else ("", [])
    options = Options(rest, f"{TAKES_KEY} {MAKES_KEY} -in -subj -days -config -connect -newkey -pass -passout -passin")
    at = 0
    while at < len(rest):
        word = rest[at]
        value = rest[at + 1] if at + 1 < len(rest) else ""
        uses = action in KEYS_USED_BY and word in TAKES_KEY.split()
        makes = word in MAKES_KEY.split() and shell.is_missing(value)
        public = word == "-in" and action in {"rsa", "ec", "pkey"} and "-pubout" in rest and "-text" not in rest
        at += 2 if uses or makes or public else 1
        if not (uses or makes or public):
            shell.ask_shapes(word, writes=word not in options.values("-in"))
    if action in {"base64", "enc"} and "-d" in rest and stdin not in {"", ANY}:
        return shell.command(["base64", "-d"], stdin)
    return ANY


def ssh_keygen(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """It prints what is public, and makes new keys."""
    options = Options(words, "-f -t -b -C -N -P -m -O -I -n -s -V -z -D -Y")
    if not options.has("-l", "-y", "-e", "-B", "-F", "-R", "-H", "-L"):
        for file in options.values("-f", "-s"):
            if not shell.is_missing(file) or options.has("-p", "-c"):
                shell.ask(file, writes=True)
    return ANY


def gpg(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    for word in words:
        if word.startswith("--export-secret"):
            shell.ask("~/.gnupg/secring.gpg")
        shell.ask_shapes(word, writes=True)
    return ANY


# ---- infrastructure


def terraform(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`-var-file` loads; `state pull` prints all, and the console evaluates what comes in."""
    told = [word for word in words if not word.startswith("-")]
    if told[:2] == ["state", "pull"]:
        shell.ask("terraform.tfstate")
    if told[:1] == ["console"]:
        ask_code(shell, "", plain(stdin))
    skip = False
    for word in words:
        if not skip and not word.startswith("-var-file="):
            shell.ask_shapes(word, writes=True)
        skip = word == "-var-file"
    return ANY


def ansible(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`-a 'src=.env dest=/tmp'`, `-m shell -a 'cat .env'`."""
    options = Options(words, "-a --args -m --module-name -i --inventory -e --extra-vars --vault-password-file -u")
    for text in options.values("-a", "--args"):
        if set(options.values("-m", "--module-name")) & {"shell", "command", "raw", "script"}:
            shell.run_apart(text, stdin)
        for piece in text.split():
            shell.ask_shapes(piece, writes=True)
    for name in ("-e", "--extra-vars", "-i", "--inventory"):
        for value in options.values(name):
            shell.ask_shapes(value)
    return ANY


SERVICES: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    **dict.fromkeys(("serve", "http-server", "live-server", "httpd"), serve),
    **dict.fromkeys(UPLOADS, upload),
    **dict.fromkeys(("http", "https", "httpie", "xh"), http),
    **dict.fromkeys(("terraform", "tofu"), terraform),
    **dict.fromkeys(TAKES_WHOLE, take_whole),
    **dict.fromkeys(("caddy", "ngrok"), serve_by_option),
    **dict.fromkeys(("gcc", "g++", "cc", "c++", "clang", "clang++", "cpp", "as", "tcc"), compile_source),
    "wp": wordpress,
    "curl": curl,
    "openssl": openssl,
    "ssh-keygen": ssh_keygen,
    "gpg": gpg,
    "gpg2": gpg,
    "ansible": ansible,
}
