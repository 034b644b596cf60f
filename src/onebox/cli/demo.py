"""`onebox demo`: a box that can be watched at work."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from onebox.cli.exits import Exit
from onebox.cli.output import show

if TYPE_CHECKING:
    from onebox.app.demo.playing import Tally
    from onebox.cli.demo_view import View

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when everything is out, with a summary.")] = False,
    port: Annotated[int, typer.Option(help="Where to listen; 0: any free port.", min=0, max=65535)] = 0,
) -> None:
    """Watch a box at work. Orders and messages come in, run through flows, and go out; it is thrown away afterwards."""
    from onebox.app.serve import loop_factory
    from onebox.cli.demo_view import open_view

    with open_view() as view, asyncio.Runner(loop_factory=loop_factory()) as runner:
        ended = runner.run(_demo(view, once=once, port=port))
    raise typer.Exit(ended)


async def _demo(view: View, *, once: bool, port: int) -> Exit:
    from onebox.app.demo.playing import open_demo

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_demo(view, port=port) as playing:
        watching = asyncio.create_task(playing.watch())
        programme = asyncio.create_task(playing.play())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({programme, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if programme.done():
            programme.result()
            view.close()
            show(summary(playing.tally))
            if not once:
                show(by_hand(playing.url))
                await stopping
        for task in (watching, programme, stopping):
            task.cancel()
        await asyncio.gather(watching, programme, stopping, return_exceptions=True)
    return Exit.fault if once and (playing.tally.lost or not playing.tally.repeated_alike) else Exit.ok


def summary(tally: Tally) -> str:
    """What came in, and what became of it."""
    from onebox.app.demo.playing import percentile
    from onebox.app.demo.scenario import BURST

    states = ", ".join(f"{count} {state}" for state, count in tally.runs.items() if count)
    lost = f"{len(tally.lost)} LOST: {', '.join(tally.lost[:5])}" if tally.lost else "none lost"
    alike = "as the first was" if tally.repeated_alike else "OTHERWISE THAN THE FIRST"
    quiet, burst = (
        f"{percentile(times, 0.5) * 1000:.1f} ms (p50), {percentile(times, 0.99) * 1000:.1f} ms (p99)"
        for times in (tally.quiet, tally.burst)
    )
    return f"""
came in    {tally.sent} events: {len(tally.quiet) + len(tally.burst)} taken, 1 sent again and answered {alike}, {tally.refused} refused
ran        {states} (what is sold out fails, and a person is told)
went out   {tally.out_count} messages, {lost}
answered   in {quiet}, each after it was on the disk
the burst  {BURST} orders were taken in {tally.burst_acknowledged:.2f} s and were out after {tally.burst_out:.2f} s;
           each was answered in {burst}"""


def by_hand(url: str) -> str:
    """How to try it."""
    order = """{"number": 7, "name": "Ana", "item": "olive soap", "total": 120}"""
    message = """{"number": 8, "from": "Bilal", "text": "Are you open today?"}"""
    post = "-H 'Content-Type: application/json' -d"
    return f"""
Try it from another terminal; what goes out is shown here:

  curl {url}/hooks/orders {post} '{order}'
  curl {url}/hooks/messages {post} '{message}'
  curl {url}/readyz

Or chat with the box, in a browser: {url}/chat/main

An order of a "rosewater" waits a second, a "blue vase" is sold out. Ctrl-C ends it."""
