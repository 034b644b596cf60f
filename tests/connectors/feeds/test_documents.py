"""What is read of documents, and that the child process survives all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from tests.connectors.feeds.hostile import DOCUMENTS, URL, Document, item, rss

from onebox.connectors.feeds.documents import Documents
from onebox.connectors.feeds.failure import FeedFailed
from onebox.connectors.feeds.parsing.reading import read
from onebox.connectors.feeds.parsing.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    reader = Documents()
    yield reader
    await reader.close()


def read_one(body: str, url: str = URL) -> dict[str, Any]:
    """The only item of an RSS feed."""
    [found] = read(rss(f"<item>{body}</item>").encode(), url=url)["items"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_comes_out_as_it_must(document: Document) -> None:
    assert document.expected == outcome(document)


def outcome(document: Document) -> list[str] | str:
    """The titles of its items, or why it is refused."""
    try:
        found = read(document.raw, url=URL, content_type=document.content_type)
    except Refused as why:
        return str(why)
    return [told["title"] for told in found["items"]]


async def test_one_process_reads_them_all(documents: Documents) -> None:
    outcomes: dict[str, list[str] | str] = {}
    for name, document in DOCUMENTS.items():
        try:
            found = await documents.read(document.raw, url=URL, content_type=document.content_type)
            outcomes[name] = [told["title"] for told in found.items]
        except FeedFailed as failed:
            outcomes[name] = failed.message
    assert {name: document.expected for name, document in DOCUMENTS.items()} == outcomes
    assert documents.process is not None
    assert documents.process.calls == len(DOCUMENTS)


def test_all_of_an_item_is_told() -> None:
    found = read_one(
        "<title>Hair &amp; more</title><link>/p/1?a=1&amp;b=2</link><guid isPermaLink='false'>p1</guid>"
        "<author>ana@example.org (Ana)</author><pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate>"
        "<category>hair</category><category>news</category><category>hair</category>"
        "<description>In &lt;b&gt;short&lt;/b&gt;</description>"
        "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA["
        "<p>All <strong>of</strong> it</p><img src='/a.png'><p><a href='/more'>more</a></p>]]></content:encoded>"
        "<enclosure url='/a.mp3' type='audio/mpeg' length='1200'/>"
    )
    del found["key"]
    assert found == {
        "title": "Hair & more",
        "link": "https://news.example.org/p/1?a=1&b=2",
        "id": "p1",
        "summary": "In short",
        "text": "All of it\n\nmore",
        "markup": 'All <b>of</b> it\n\n<a href="https://news.example.org/more">more</a>',
        "author": "Ana",
        "published": "2026-03-02T09:00:00+00:00",
        "updated": None,
        "tags": ["hair", "news"],
        "image": "https://news.example.org/a.png",
        "enclosures": [{"url": "https://news.example.org/a.mp3", "type": "audio/mpeg", "size": 1200}],
    }


def test_all_of_a_json_item_is_told() -> None:
    feed = """{"version": "https://jsonfeed.org/version/1", "title": "News", "home_page_url": "https://news.example.org/",
      "author": {"name": "Ana"}, "items": [{"id": 7, "url": "/p/7", "title": "Hair", "summary": "In short",
      "content_html": "<p>All <em>of</em> it</p>", "image": "/a.png", "date_published": "2026-03-02T10:00:00+01:00",
      "date_modified": "2026-03-03T10:00:00Z", "tags": ["hair", 5],
      "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1200}, {"url": "javascript:x"}]}]}"""
    found = read(feed.encode(), url=URL, content_type="application/feed+json")
    [told] = found["items"]
    del told["key"]
    assert (found["title"], found["link"]) == ("News", "https://news.example.org/")
    assert told == {
        "title": "Hair",
        "link": "https://news.example.org/p/7",
        "id": "7",
        "summary": "In short",
        "text": "All of it",
        "markup": "All <i>of</i> it",
        "author": "Ana",
        "published": "2026-03-02T09:00:00+00:00",
        "updated": "2026-03-03T10:00:00+00:00",
        "tags": ["hair"],
        "image": "https://news.example.org/a.png",
        "enclosures": [{"url": "https://news.example.org/a.mp3", "type": "audio/mpeg", "size": 1200}],
    }


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//",
        "https://",
        "https://[broken/",
        "https://x.example:port/",
        f"https://x.example/{'a' * 3000}",
    ],
)
def test_a_link_that_leads_nowhere_safe_is_none(link: str) -> None:
    found = read_one(f"<title>a</title><link>{link}</link><enclosure url='{link}'/>")
    assert (found["link"], found["enclosures"]) == (None, [])


def test_an_atom_entry_has_its_own_base_and_the_link_for_people() -> None:
    entry = (
        "<entry xml:base='https://blog.example.org/2026/'><id>tag:x,1</id><title>a</title>"
        "<link rel='self' href='/self'/><link rel='enclosure' href='a.mp3' type='audio/mpeg'/><link href='one'/>"
        "<updated>2026-03-02T10:00:00Z</updated><summary>short</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>x <a href='two'>y</a></p></div></content></entry>"
    )
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>"
    [found] = read(feed.encode(), url=URL)["items"]
    assert found["link"] == "https://blog.example.org/2026/one"
    assert found["markup"] == 'x <a href="https://blog.example.org/2026/two">y</a>'
    assert found["enclosures"] == [{"url": "https://blog.example.org/2026/a.mp3", "type": "audio/mpeg", "size": None}]
    assert (found["published"], found["updated"]) == ("2026-03-02T10:00:00+00:00",) * 2


def test_an_item_is_known_by_its_id_then_its_link_then_its_words() -> None:
    def key(body: str, url: str = URL) -> str:
        return str(read_one(body, url)["key"])

    by_id = key("<guid>1</guid><title>a</title>")
    assert by_id == key(
        "<guid> 1 </guid><title>changed</title><link>http://x.example/</link>", "https://moved.example/"
    )
    assert by_id != key("<guid>2</guid><title>a</title>")
    by_link = key("<link>http://x.example/1</link><title>a</title>")
    assert by_link == key("<link>https://x.example/1</link><title>changed</title>")
    by_words = key("<title>a</title><description>b</description>")
    assert by_words == key("<description>b</description><title>a</title>")
    assert len({by_id, by_link, by_words, key("<title>a</title><description>c</description>")}) == 4


def test_items_that_there_is_no_room_for_are_named() -> None:
    long = "<description>" + "word " * 4000 + "</description>"
    found = read(rss("".join(item(str(number), long) for number in range(300))).encode(), url=URL)
    assert 150 < len(found["items"]) < 300
    assert len(found["items"]) + len(found["others"]) == 300


# --- the process ---


def number_of(documents: Documents) -> int | None:
    """The process's, while there is one."""
    return documents.process._process.pid if documents.process else None


async def test_it_starts_when_it_is_needed_and_ends_after_a_while() -> None:
    documents = Documents(idle_seconds=0.05)
    assert number_of(documents) is None
    await documents.read(rss("").encode(), url=URL)
    process = psutil.Process(number_of(documents))
    async with asyncio.timeout(10):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    assert number_of(documents) is None
    await documents.close()


@pytest.mark.soak
async def test_a_document_that_hangs_is_given_up_and_the_next_is_read() -> None:
    documents = Documents(seconds=2)
    swollen = rss("<x>" * 1_600_000).encode()
    await documents.read(rss("").encode(), url=URL)
    began = time.monotonic()
    with pytest.raises(FeedFailed, match="it takes longer than 2 s to read this"):
        await documents.read(swollen, url=URL)
    assert time.monotonic() - began < 10
    await documents.close()
    patient = Documents()
    assert (await patient.read(rss(item("a")).encode(), url=URL)).items[0]["title"] == "a"
    await patient.close()


async def test_a_process_that_is_killed_fails_one_document(documents: Documents) -> None:
    await documents.read(rss("").encode(), url=URL)
    assert documents.process is not None
    reading = asyncio.create_task(documents.read(rss("<x>" * 300_000).encode(), url=URL))
    await asyncio.sleep(0)
    os.kill(documents.process._process.pid, signal.SIGKILL)
    with pytest.raises(FeedFailed, match="it takes too much time or memory to read this"):
        await reading
    assert (await documents.read(rss(item("a")).encode(), url=URL)).items[0]["title"] == "a"


async def test_a_document_that_needs_too_much_memory_is_refused(documents: Documents) -> None:
    greedy = b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"{}," * 8_000_000
    with pytest.raises(FeedFailed, match="it takes more than 400 MB of memory to read this"):
        await documents.read(greedy, url=URL)
    assert (await documents.read(rss(item("a")).encode(), url=URL)).items[0]["title"] == "a"


async def test_the_box_itself_loads_no_parser() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, onebox.app.build; print('feedparser' in sys.modules)",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert out == b"False\n"
