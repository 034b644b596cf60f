"""`onebox booking`: the salon's desk, for its operator."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onebox.cli.asking import answered
from onebox.cli.exits import Exit
from onebox.cli.options import Box, Json
from onebox.cli.output import one_line, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from onebox.app.visit import Visit
    from onebox.booking.desk import Desk
    from onebox.booking.visit import Wish

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Look at what is free, book, move, cancel; see the day and the week.",
)

Services = Annotated[list[str], typer.Argument(metavar="SERVICE…", help="Services of one visit, in their order.")]
Id = Annotated[str, typer.Argument(metavar="APPOINTMENT", help="The appointment's id.")]
At = Annotated[
    str, typer.Option("--at", metavar='"DATE TIME"', help="The start on the salon's clock: 2026-12-01 10:00.")
]
Staff = Annotated[
    list[str] | None,
    typer.Option("--staff", metavar="ID", help="Who does it; once, or once for each service.", show_default=False),
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the history.", show_default=False)
]
Date = Annotated[str | None, typer.Argument(metavar="DATE", help="Such as 2026-12-01; today without it.")]
_DAYS = 7
_ANY = "any"


def _visited(box: Path | None, work: Callable[[Visit, Desk], Awaitable[Exit]]) -> Exit:
    async def visit() -> Exit:
        from onebox.app.folder import BoxFolder
        from onebox.app.visit import visiting

        async with visiting(BoxFolder.find(box), os.environ) as found:
            return await work(found, found.desk())

    return asyncio.run(visit())


def _wish(services: Sequence[str], staff: Sequence[str] | None) -> Wish:
    from onebox.booking.visit import Wish

    who = list(staff or [_ANY])
    if len(who) not in {1, len(services)}:
        message = f"expected one person, or one for each of the {len(services)} services, got {len(who)}"
        raise typer.BadParameter(message, param_hint="--staff")
    return Wish(list(services), who[0] if len(who) == 1 else who)


@app.command()
def slots(
    services: Services,
    staff: Staff = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help="On this day alone.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="From this day on; today without it.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How many days.", min=1, max=366)] = _DAYS,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Show what can be booked: each start, and who would do it."""
    from onebox.cli.booking_dates import date_of
    from onebox.cli.booking_view import slots_table

    if day is not None and since is not None:
        raise typer.BadParameter("give one of --day and --from", param_hint="--day")

    async def work(_visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.plain import plain_offer

        found = await desk.offers(_wish(services, staff), date_of(desk, day or since), days if day is None else 1)
        if as_json:
            show_json([plain_offer(one) for one in found])
        elif found:
            show_table(*slots_table(desk.salon, found))
        else:
            say("nothing is free on this day" if day is not None else f"nothing is free in this time (--days {days})")
            say(f"hint: onebox booking explain {' '.join(services)} --at … tells why a time is not")
        return Exit.ok

    raise typer.Exit(_visited(box, work))


@app.command()
def explain(services: Services, at: At, staff: Staff = None, box: Box = None, as_json: Json = False) -> None:
    """Tell why a visit cannot start at a time: every cause, with what is really so."""
    from onebox.cli.booking_dates import start_of

    async def work(_visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.plain import plain_reason
        from onebox.booking.wording import Words

        start, words = start_of(desk, at), Words(desk.salon)
        reasons = await desk.explain(_wish(services, staff), start)
        if as_json:
            show_json({"start": start, "free": not reasons, "reasons": [plain_reason(one) for one in reasons]})
            return Exit.ok
        show(f"{words.moment(start)} is {'not free' if reasons else 'free'}")
        for one in reasons:
            show(f"  {words.reason(one)}")
        return Exit.ok

    raise typer.Exit(_visited(box, work))


@app.command()
def book(
    services: Services,
    at: At,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="The client's name.")],
    phone: Annotated[
        str | None, typer.Option("--phone", metavar="TEXT", help="The client's phone.", show_default=False)
    ] = None,
    staff: Staff = None,
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="CODE", help="The client's language, of the salon's.", show_default=False),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="For those who work.", show_default=False)
    ] = None,
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Book a visit. Prints its id."""
    from onebox.cli.booking_dates import start_of

    async def work(visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.visit import planned

        wish = _wish(services, staff)
        planned(desk.salon, wish)
        asked = {
            "services": list(wish.services),
            "staff": wish.staff,
            "start": start_of(desk, at).isoformat(),
            "name": name,
            "phone": phone,
            "language": language,
            "note": note,
        }
        return _answer(await _asked(visit, "book", " ".join(services), asked), "booked", as_json=as_json)

    raise typer.Exit(_visited(box, work))


@app.command()
def move(
    appointment: Id, at: At, staff: Staff = None, reason: Reason = None, box: Box = None, as_json: Json = False
) -> None:
    """Give an appointment another time; the same people do it unless --staff names others."""
    from onebox.cli.booking_dates import start_of

    async def work(visit: Visit, desk: Desk) -> Exit:
        who = None if not staff else staff[0] if len(staff) == 1 else staff
        asked = {"start": start_of(desk, at).isoformat(), "staff": who, "reason": reason}
        return _answer(await _asked(visit, "move", appointment, asked), "moved", as_json=as_json)

    raise typer.Exit(_visited(box, work))


@app.command()
def cancel(
    appointment: Id,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the history.")],
    box: Box = None,
    as_json: Json = False,
) -> None:
    """Give the time of an appointment back. Within the cancellation window, too; then it says so."""

    async def work(visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.wording import Words

        answer = await _asked(visit, "cancel", appointment, {"reason": reason})
        if answer is not None and answer["late"]:
            window = Words(desk.salon).policies()["cancellation_window"]
            say(f"the client could not have cancelled it any more: the cancellation window is {window}")
        return _answer(answer, "cancelled", as_json=as_json)

    raise typer.Exit(_visited(box, work))


@app.command()
def done(appointment: Id, reason: Reason = None, box: Box = None, as_json: Json = False) -> None:
    """Note that the client came."""
    _finish(appointment, "done", reason, box, as_json=as_json)


@app.command("no-show")
def no_show(appointment: Id, reason: Reason = None, box: Box = None, as_json: Json = False) -> None:
    """Note that the client did not come. The time is free again."""
    _finish(appointment, "no_show", reason, box, as_json=as_json)


def _finish(appointment: str, as_: str, reason: str | None, box: Path | None, *, as_json: bool) -> None:
    async def work(visit: Visit, _desk: Desk) -> Exit:
        answer = await _asked(visit, "finish", appointment, {"as": as_, "reason": reason})
        return _answer(answer, f"noted as {as_}", as_json=as_json)

    raise typer.Exit(_visited(box, work))


@app.command("show")
def show_appointment(appointment: Id, box: Box = None, as_json: Json = False) -> None:
    """Show an appointment with all that happened to it."""
    from onebox.cli.booking_view import NoSuchAppointment, history_table, record_lines

    async def work(_visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.plain import plain_record

        found = await desk.appointment(appointment)
        if found is None:
            hint = "onebox booking day and onebox booking week show their ids"
            raise NoSuchAppointment(f"there is no appointment {appointment!r}", hint=hint)
        if as_json:
            show_json(plain_record(found))
            return Exit.ok
        for line in record_lines(desk.salon, found):
            show(one_line(line))
        show("")
        show_table(*history_table(desk.salon, found))
        return Exit.ok

    raise typer.Exit(_visited(box, work))


@app.command("day")
def show_day(date: Date = None, box: Box = None, as_json: Json = False) -> None:
    """Show a day as a picture: people beside each other, time downwards, buffers and gaps as they are."""
    from onebox.cli.booking_dates import date_of
    from onebox.cli.booking_view import day_picture

    async def work(_visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.plain import plain_day

        found = await desk.day(date_of(desk, date))
        if as_json:
            show_json(plain_day(found))
        else:
            for line in day_picture(desk.salon, found):
                show(line)
        return Exit.ok

    raise typer.Exit(_visited(box, work))


@app.command("week")
def show_week(date: Date = None, box: Box = None, as_json: Json = False) -> None:
    """Show the week that a day lies in: people beside each other, days downwards, each with its visits and how much of
    it is taken."""
    from onebox.cli.booking_dates import date_of
    from onebox.cli.booking_view import week_picture

    async def work(_visit: Visit, desk: Desk) -> Exit:
        from onebox.booking.plain import plain_day

        found = await desk.week(date_of(desk, date))
        if as_json:
            show_json([plain_day(day) for day in found])
        else:
            for line in week_picture(desk.salon, found):
                show(line)
        return Exit.ok

    raise typer.Exit(_visited(box, work))


async def _asked(visit: Visit, kind: str, target: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    from onebox.app.visit import BOOKING_PATIENCE

    return await answered(visit, f"booking.{kind}", target, arguments, patience=BOOKING_PATIENCE, lapses=True)


def _answer(answer: Mapping[str, Any] | None, what: str, *, as_json: bool) -> Exit:
    if answer is None:
        return Exit.no_answer
    if as_json:
        show_json(answer["appointment"])
        return Exit.ok
    show(answer["appointment"]["id"])
    say(f"{what}: {one_line(answer['told'])}")
    return Exit.ok
