"""Polls against a real server: what is told, what is kept, and when a feed is asked again."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from tests.connectors.feeds.server import FeedBox, FeedServer, changed_to, feed_flow, rss, xml
from tests.connectors.http.service import Names

from onebox.flows.feeds import KeepItems, RememberFeed
from onebox.kernel.ledger import StorageFull

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        yield running


# --- what is told ---


async def test_the_first_poll_tells_nothing_old(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("b", "a")), xml(rss("c", "b", "a"))]
    async with FeedBox(feed_flow(server.url())) as box:
        with capture_logs() as logs:
            await box.first_poll()
        assert box.told == []
        assert [(log["event"], log["message"]) for log in logs] == [
            ("feed_first_poll", "first poll: 2 items known, none told")
        ]
        await box.poll(minutes=30)
        assert box.told == ["c"]


async def test_an_event_says_all_of_its_item(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url(), first="all")) as box:
        await box.first_poll()
        [event] = box.ledger.tables.events.values()
        [run] = box.ledger.tables.runs.values()
    assert (event.source, event.topic, event.sender, run.flow) == ("feed:news", "feed.news", server.url(), "news")
    assert event.data == {
        "title": "a",
        "link": "https://news.example.org/a",
        "id": "a",
        "summary": "",
        "text": "",
        "markup": "",
        "author": None,
        "published": None,
        "updated": None,
        "tags": [],
        "image": None,
        "enclosures": [],
        "feed": {"url": server.url(), "title": "News of Ana", "link": None},
    }


@pytest.mark.parametrize(("first", "told"), [("none", []), ("latest", ["c"]), ("all", ["a", "b", "c"])])
async def test_a_flow_says_what_its_first_poll_tells(server: FeedServer, first: str, told: list[str]) -> None:
    server.answers["/feed"] = [xml(rss("c", "b", "a")), xml(rss("d", "c", "b", "a"))]
    async with FeedBox(feed_flow(server.url(), first=first)) as box:
        await box.first_poll()
        assert box.told == told
        await box.poll(minutes=30)
        assert box.told == [*told, "d"]


async def test_a_first_poll_that_failed_was_none(server: FeedServer) -> None:
    server.answers["/feed"] = [xml("", 500), xml(rss("b", "a"))]
    async with FeedBox(feed_flow(server.url(), first="latest")) as box:
        await box.first_poll()
        await box.poll(hours=1)
        assert box.told == ["b"]


async def test_an_empty_feed_was_read_all_the_same(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss()), xml(rss("a"))]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(minutes=30)
        assert box.told == ["a"]


async def test_nothing_is_told_twice_across_restarts(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("a")), xml(rss("b", "a")), xml(rss("b", "a", "x"), ETag='"3"')]
    flow = feed_flow(server.url())
    async with FeedBox(flow) as box:
        await box.first_poll()
        await box.poll(minutes=30)
    later = FeedBox(flow, ledger=box.ledger)
    later.clock.at = box.clock.at
    async with later:
        await later.first_poll()
        await later.poll(minutes=30)  # when it is due follows from the feed's address
        assert later.told == ["b", "x"]


async def test_items_feed_and_events_are_one_unit(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("a")), xml(rss("b", "a"), ETag='"2"')]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(minutes=30)
        [unit] = [changes for changes in box.ledger.commits if any(isinstance(one, KeepItems) for one in changes)][1:]
        assert [type(change).__name__ for change in unit] == ["StoreEvent", "KeepItems", "RememberFeed"]
        assert box.feed(server.url()).etag == '"2"'


async def test_what_the_inbox_does_not_take_comes_later(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("a")), xml(rss("b", "a"), ETag='"2"')]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        box.ledger.refusal = StorageFull("there is no room")
        with capture_logs() as logs:
            await box.poll(minutes=30)
        assert ("feed_not_taken", "storage_full") in [(log["event"], log.get("code")) for log in logs]
        box.ledger.refusal = None
        assert box.feed(server.url()).etag is None
        await box.poll(seconds=30)
        assert (box.told, box.feed(server.url()).etag) == (["b"], '"2"')


async def test_two_flows_are_told_each_for_itself(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url(), first="all"), feed_flow(server.url(), name="blog")) as box:
        await box.first_poll()
        assert [event.topic for event in box.ledger.tables.events.values()] == ["feed.news"]
        assert await box.ledger.item_counts("blog") == {server.url(): 1}


async def test_items_that_left_the_feed_are_known_for_half_a_year(server: FeedServer) -> None:
    answers = [xml(rss(*names)) for names in (("old", "kept"), ("kept",), ("kept", "more"), ("old", "kept"))]
    server.answers["/feed"] = list(answers)
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(days=179)
        assert await box.ledger.item_counts("news") == {server.url(): 2}
        await box.poll(days=2)
        assert await box.ledger.item_counts("news") == {server.url(): 2}
        assert box.told == ["more"]
        await box.poll(days=2)
        assert box.told == ["more", "old"]


# --- how it is asked ---


async def test_a_server_learns_who_asks_and_what_is_known(server: FeedServer) -> None:
    server.answers["/feed"] = [
        xml(rss("a"), ETag='W/"1"', Last_Modified="Sun, 01 Mar 2026 12:00:00 GMT"),
        xml("", 304),
    ]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(minutes=30)
        stands = box.feed(server.url())
    first, second = (request.headers for request in server.requests)
    assert first["User-Agent"] == "onebox/0.1.0 (feed reader; box Salon Ana)"
    assert "application/atom+xml" in first["Accept"]
    assert "If-None-Match" not in first
    assert (second["If-None-Match"], second["If-Modified-Since"]) == ('W/"1"', "Sun, 01 Mar 2026 12:00:00 GMT")
    assert (stands.etag, stands.failures, stands.polled_at) == ('W/"1"', 0, box.clock.at)


@pytest.mark.parametrize("again", [xml("", 304), xml(rss("a"))], ids=["not modified", "same body"])
async def test_what_is_unchanged_is_not_read(server: FeedServer, again: web.Response) -> None:
    server.answers["/feed"] = [xml(rss("a"), ETag='"1"'), again]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.documents.process is not None
        read = box.documents.process.calls
        written = len(box.ledger.commits)
        await box.poll(minutes=30)
        assert box.documents.process.calls == read
        [unit] = box.ledger.commits[written:]
        assert [type(change) for change in unit] == [RememberFeed]


async def test_many_unchanged_feeds_are_kept_in_one_unit(server: FeedServer) -> None:
    urls = [server.url(f"/{number}") for number in range(20)]
    server.answers.update({f"/{number}": [xml(rss("a"), ETag='"1"'), xml("", 304)] for number in range(20)})
    async with FeedBox(feed_flow(*urls)) as box:
        await box.first_poll()
        written = len(box.ledger.commits)
        assert await box.poll(minutes=30) == 20
        assert [len(unit) for unit in box.ledger.commits[written:]] == [20]


async def test_an_answer_that_nothing_changed_to_who_knows_nothing_is_wrong(server: FeedServer) -> None:
    server.answers["/feed"] = xml("", 304)
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.feed(server.url()).error == "127.0.0.1 answered 304 Not Modified"


async def test_no_host_is_asked_by_more_than_two_at_once(server: FeedServer) -> None:
    gate = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        if server.running == 2:
            asyncio.get_running_loop().call_soon(gate.set)
        await gate.wait()
        return xml(rss("a"))

    paths = [f"/{number}" for number in range(9)]
    server.answers.update(dict.fromkeys(paths, slow))
    async with FeedBox(feed_flow(*map(server.url, paths))) as box:
        assert await box.first_poll() == 9
    assert (server.most_at_once, sorted(server.asked)) == (2, paths)


async def test_not_all_hosts_are_asked_at_once(server: FeedServer) -> None:
    gate = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        if server.running == 16:
            asyncio.get_running_loop().call_soon(gate.set)
        await gate.wait()
        return xml(rss("a"))

    server.answers["/feed"] = slow
    names = Names(**{f"n{number}": "127.0.0.1" for number in range(40)})
    urls = [server.url(host=f"n{number}.example") for number in range(40)]
    async with FeedBox(feed_flow(*urls), resolver=names) as box:
        assert await box.first_poll() == 40
    assert server.most_at_once == 16


async def test_one_broken_feed_holds_up_no_other(server: FeedServer) -> None:
    stuck = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        await stuck.wait()
        return xml("")

    server.answers.update({"/a": never, "/b": xml(rss("b"))})
    flow = feed_flow(server.url("/a"), server.url("/b"), first="all")
    async with FeedBox(flow) as box:
        await box.poll()
        box.move(minutes=20)
        polling = asyncio.create_task(box.poller.poll_due())
        await box.until(lambda: box.told == ["b"])
        assert not polling.done()
        stuck.set()
        await polling


# --- when it is asked ---


async def test_new_feeds_are_all_asked_within_a_second_each(server: FeedServer) -> None:
    paths = [f"/{number}" for number in range(12)]
    server.answers.update({path: xml(rss("a")) for path in paths})
    async with FeedBox(feed_flow(*map(server.url, paths))) as box:
        asked = [await box.poll(), *[await box.poll(seconds=1) for _ in range(12)]]
    assert sum(asked) == 12
    assert max(asked) < 12


async def test_feeds_keep_their_places_in_the_interval(server: FeedServer) -> None:
    paths = [f"/{number}" for number in range(60)]
    server.answers.update({path: xml(rss("a")) for path in paths})
    async with FeedBox(feed_flow(*map(server.url, paths), every="1h")) as box:
        await box.first_poll()
        places = [box.feed(server.url(path)).next_at for path in paths]
        asked = [await box.poll(minutes=10) for _ in range(12)]
        again = [box.feed(server.url(path)).next_at for path in paths]
    assert sum(asked) in range(60, 121)
    assert max(Counter(at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0) for at in places).values()) < 25
    assert {(later - at) % timedelta(hours=1) for at, later in zip(places, again, strict=True)} == {timedelta(0)}


async def test_a_box_that_comes_back_goes_on_as_planned(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    flow = feed_flow(server.url())
    async with FeedBox(flow) as box:
        await box.first_poll()
    later = FeedBox(flow, ledger=box.ledger)
    later.clock.at = box.feed(server.url()).next_at - timedelta(seconds=1)
    async with later:
        assert await later.poll() == 0
        assert await later.poll(seconds=1) == 1


async def test_a_feed_that_fails_is_asked_later_each_time(server: FeedServer) -> None:
    server.answers["/feed"] = xml("", 500)
    async with FeedBox(feed_flow(server.url(), every="1h")) as box:
        await box.poll()
        waits = []
        for _ in range(7):
            await box.poll(days=1)
            waits.append(box.feed(server.url()).next_at - box.clock.at)
    at_most = [timedelta(hours=hours) for hours in (2, 4, 8, 16, 24, 24, 24)]
    assert [most * 0.9 < wait <= most for wait, most in zip(waits, at_most, strict=True)] == [True] * 7


async def test_it_is_told_when_a_feed_fails_and_when_it_is_well_again(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("a")), xml("", 500), xml("", 502), xml(rss("b", "a")), xml(rss("c", "a"))]
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        with capture_logs() as logs:
            await box.poll(minutes=30)
            failing_since = box.clock.at
            stands = box.feed(server.url())
            await box.poll(days=1)
            assert box.feed(server.url()).failing_since == failing_since
            await box.poll(days=1)
            await box.poll(days=1)
        assert (stands.failures, stands.error) == (1, "127.0.0.1 answered 500 Internal Server Error")
        assert (box.feed(server.url()).failures, box.feed(server.url()).error) == (0, None)
        assert [(log["event"], log.get("message"), log.get("since")) for log in logs] == [
            ("feed_failing", "127.0.0.1 answered 500 Internal Server Error", None),
            ("feed_well_again", None, failing_since.isoformat()),
        ]
        assert box.told == ["b", "c"]


@pytest.mark.parametrize(
    ("status", "after", "expected"),
    [
        (429, "7200", timedelta(hours=2)),
        (503, "Sun, 29 Mar 2026 04:50:00 GMT", timedelta(hours=4)),
        (429, "999999999", timedelta(hours=24)),
        (429, "60", timedelta(minutes=15)),
    ],
)
async def test_a_server_says_when_it_wants_to_be_asked_again(
    server: FeedServer, status: int, after: str, expected: timedelta
) -> None:
    server.answers["/feed"] = xml("", status, Retry_After=after)
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.feed(server.url()).next_at - box.clock.at == expected


@pytest.mark.parametrize("status", [200, 500])
async def test_others_do_not_say_when(server: FeedServer, status: int) -> None:
    server.answers["/feed"] = xml(rss("a"), status, Retry_After="80000")
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.feed(server.url()).next_at - box.clock.at <= timedelta(minutes=30)


# --- moved, gone, removed ---


async def test_a_feed_that_moved_for_good_is_asked_where_it_is(server: FeedServer) -> None:
    server.answers["/feed"] = xml("", 301, Location="/b")
    server.answers["/b"] = xml("", 308, Location="/c")
    server.answers["/c"] = [xml(rss("a")), xml(rss("b", "a"))]
    async with FeedBox(feed_flow(server.url())) as box:
        with capture_logs() as logs:
            await box.first_poll()
        assert box.feed(server.url()).address == server.url("/c")
        assert [log["to"] for log in logs if log["event"] == "feed_moved"] == [server.url("/c")]
        await box.poll(minutes=30)
        assert (server.asked, box.told) == (["/feed", "/b", "/c", "/c"], ["b"])
        [event] = box.ledger.tables.events.values()
        assert event.data["feed"]["url"] == server.url()


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_detour_is_not_remembered(server: FeedServer, status: int) -> None:
    server.answers.update({"/feed": xml("", status, Location="/b"), "/b": xml(rss("a"))})
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.feed(server.url()).address is None


async def test_a_move_followed_by_a_detour_is_remembered_as_far_as_it_goes(server: FeedServer) -> None:
    server.answers.update({"/feed": xml("", 301, Location="/b"), "/b": xml("", 302, Location="/c")})
    server.answers["/c"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        assert box.feed(server.url()).address == server.url("/b")


async def test_a_move_to_what_is_no_feed_is_not_remembered(server: FeedServer) -> None:
    server.answers.update({"/feed": xml("", 301, Location="/b"), "/b": xml("<html><body>sold</body></html>")})
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        stands = box.feed(server.url())
    assert (stands.address, stands.error) == (None, "this is a web page, and names no feed")


async def test_a_feed_that_is_not_where_it_moved_to_is_asked_where_it_was(server: FeedServer) -> None:
    server.answers.update({"/feed": xml("", 301, Location="/b"), "/b": [xml(rss("a")), xml("", 410)]})
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(minutes=30)
        assert (box.feed(server.url()).address, box.feed(server.url()).gone_at) == (None, None)
        server.answers["/feed"] = xml(rss("b", "a"))
        await box.poll(days=1)
        assert box.told == ["b"]


async def test_a_feed_that_moves_back_has_its_own_address(server: FeedServer) -> None:
    server.answers.update({"/feed": [xml("", 301, Location="/b"), xml(rss("b"))], "/b": [xml(rss("a"))]})
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        server.answers["/b"] = xml("", 301, Location="/feed")
        await box.poll(minutes=30)
        assert box.feed(server.url()).address is None


async def test_six_redirects_are_too_many(server: FeedServer) -> None:
    server.answers.update({f"/{number}": xml("", 302, Location=f"/{number + 1}") for number in range(9)})
    async with FeedBox(feed_flow(server.url("/0"))) as box:
        await box.first_poll()
        assert box.feed(server.url("/0")).error == "127.0.0.1 redirects more than 5 times"
    assert server.asked == [f"/{number}" for number in range(6)]


async def test_a_gone_feed_is_asked_again_when_it_was_off_the_list(server: FeedServer) -> None:
    server.answers["/feed"] = [xml("", 410), xml(rss("a"))]
    flow = feed_flow(server.url())
    async with FeedBox(flow) as box:
        with capture_logs() as logs:
            await box.first_poll()
            assert await box.poll(days=40) == 0
        assert [log["event"] for log in logs] == ["feed_gone"]
        assert box.feed(server.url()).gone_at is not None
    later = FeedBox(flow, ledger=box.ledger)
    later.clock.at = box.clock.at + timedelta(days=1)
    async with later:
        assert await later.first_poll() == 0
        changed_to(later, [])
        await later.poll()
        assert later.feed(server.url()).gone_at is None
        changed_to(later, [flow])
        assert await later.first_poll() == 1
        assert later.feed(server.url()).error is None


async def test_a_feed_that_comes_back_to_the_list_tells_what_came_meanwhile(server: FeedServer) -> None:
    server.answers["/feed"] = [xml(rss("a")), xml(rss("b", "a"))]
    flow = feed_flow(server.url())
    async with FeedBox(flow) as box:
        await box.first_poll()
        changed_to(box, [])
        assert await box.poll(days=100) == 0
        changed_to(box, [flow])
        await box.first_poll()
        assert box.told == ["b"]


async def test_a_feed_that_nobody_names_is_forgotten_after_half_a_year(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        changed_to(box, [])
        await box.poll(days=179)
        assert await box.ledger.item_counts("news") == {server.url(): 1}
        await box.poll(days=2)
        assert (await box.ledger.item_counts("news"), await box.ledger.feeds()) == ({}, [])


async def test_a_gone_feed_that_is_still_named_is_not_forgotten(server: FeedServer) -> None:
    server.answers["/feed"] = xml("", 410)
    async with FeedBox(feed_flow(server.url())) as box:
        await box.first_poll()
        await box.poll(days=400)
        assert [feed.url for feed in await box.ledger.feeds()] == [server.url()]


async def test_a_shorter_interval_counts_at_once(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url(), every="7d")) as box:
        await box.poll()
        await box.poll(seconds=1)
        changed_to(box, [feed_flow(server.url(), every="1m")])
        assert await box.poll() == 0
        assert await box.poll(seconds=90) == 1


async def test_feeds_come_from_a_file(server: FeedServer) -> None:
    server.answers.update({path: xml(rss(path[1:])) for path in ("/a", "/b")})
    text = f"# Ana's\n{server.url('/a')}\n{server.url('/b')} # daily\n"
    flow = feed_flow(files={"feeds.txt": text}, urls_from="feeds.txt", first="all")
    async with FeedBox(flow) as box:
        await box.first_poll()
        assert sorted(box.told) == ["a", "b"]


async def test_the_service_polls_by_itself_and_can_be_stopped(server: FeedServer) -> None:
    server.answers["/feed"] = xml(rss("a"))
    async with FeedBox(feed_flow(server.url(), first="all")) as box:
        running = asyncio.create_task(box.poller.run())
        await box.until(lambda: box.poller._watched)
        box.move(seconds=1)
        box.poller.poke()
        await box.until(lambda: box.told)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await box.poller.close()
        assert box.feed(server.url()).polled_at == box.clock.at
