"""Plain pages for people without a script: no style sheet, no picture, nothing that is loaded."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from onebox.web.answers import Answer, head_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 12vh auto; padding: 0 1.2rem }}
li {{ margin: .3rem 0 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181c; color: #e8e8e8 }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(
    status: int, title: str, sentences: Iterable[str], headers: Mapping[str, str], *, listed: Iterable[str] = ()
) -> Answer:
    """A page of sentences, and of what is listed between the first and the others."""
    first, *others = [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    entries = "".join(f"<li>{escape(one)}</li>\n" for one in listed)
    body = "\n".join([first, *([f'<ul role="alert">\n{entries}</ul>'] if entries else []), *others])
    text = _PAGE.format(title=escape(title), body=body)
    return Answer(status, head_of(status, {**_HEADERS, **headers}), text.encode("utf-8", "replace"))
