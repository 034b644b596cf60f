"""Salons, wishes and busy times of every kind, for tests that try many; and the plain questions to compare with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as some

from onebox.booking.claims import Span
from onebox.booking.hours import DAY, Window, Windows
from onebox.booking.salon import Gap, Policies, Salon, Service, StaffMember
from onebox.booking.visit import ANY, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "America/Havana": (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
    "America/St_Johns": (datetime(2011, 3, 13, 3, 31, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
    "Asia/Kolkata": (datetime(2026, 7, 1, tzinfo=UTC),),
    "Asia/Kathmandu": (datetime(2026, 12, 31, 18, 15, tzinfo=UTC),),
    "Pacific/Apia": (datetime(2011, 12, 30, 10, tzinfo=UTC),),
}
"""an instant at which the clock is changed, by zone: by an hour, by half an hour, at midnight or a minute
after it; over a whole day"""
MINUTE = timedelta(minutes=1)


def minutes(number: int) -> timedelta:
    return number * MINUTE


@some.composite
def windows(draw: some.DrawFn) -> Windows:
    """Of one day; the last may go past midnight. Often long, so that there is something to offer."""
    if draw(some.integers(0, 3)):
        return (Window(5 * draw(some.integers(0, 60)), DAY + 5 * draw(some.integers(-60, 0))),)
    times = sorted(draw(some.sets(some.integers(0, 12 * 24 - 1), max_size=4)))
    pairs = [Window(5 * start, 5 * end) for start, end in zip(times[::2], times[1::2], strict=False)]
    if len(times) % 2 and times[-1] > 0:
        pairs.append(Window(5 * times[-1], DAY + 5 * draw(some.integers(0, 36))))
    return tuple(window for window in pairs if window.end - window.start < DAY)


@some.composite
def members(draw: some.DrawFn, name: str, near: date) -> StaffMember:
    days = some.integers(-2, 2).map(lambda days: near + timedelta(days=days))
    off = draw(days)
    return StaffMember(
        id=name,
        name=name.title(),
        languages=("en",),
        week=tuple(draw(windows()) for _ in range(7)),
        exceptions=draw(some.dictionaries(days, windows(), max_size=1)),
        holidays=draw(some.sampled_from([(), (), (), ((off, off + timedelta(days=1)),)])),
    )


@some.composite
def services(draw: some.DrawFn, name: str, staff: tuple[str, ...], kinds: list[str]) -> Service:
    duration = draw(some.sampled_from([5, 20, 45]))
    gap = draw(some.sampled_from([None, None, Gap(minutes(duration // 5), minutes(duration // 2))]))
    return Service(
        id=name,
        name={"en": name},
        duration=minutes(duration),
        staff=tuple(sorted(draw(some.sets(some.sampled_from(staff), min_size=1)), key=staff.index)),
        price=100,
        before=minutes(draw(some.sampled_from([0, 0, 5, 17]))),
        after=minutes(draw(some.sampled_from([0, 0, 10, 23]))),
        gap=gap,
        needs=tuple(draw(some.lists(some.sampled_from(kinds), max_size=2, unique=True))) if kinds else (),
    )


class Case(NamedTuple):
    """What `offers` is asked."""

    salon: Salon
    wish: Wish
    span: Span
    now: datetime
    busy: Mapping[str, list[Span]]


@some.composite
def cases(draw: some.DrawFn) -> Case:
    """All near a change of the clock, where there is one."""
    zone = draw(some.sampled_from(sorted(CHANGES)))
    change = draw(some.sampled_from(CHANGES[zone]))
    near = change.astimezone(ZoneInfo(zone)).date()
    staff = ("ana", "bo", "cy")[: draw(some.integers(1, 3))]
    places = draw(some.sampled_from([{}, {"chair": 1}, {"chair": 2, "room": 1}]))
    names = ("cut", "wash")[: draw(some.integers(1, 2))]
    salon = Salon(
        time_zone=zone,
        currency="EUR",
        languages=("en",),
        staff={name: draw(members(name, near)) for name in staff},
        services={name: draw(services(name, staff, sorted(places))) for name in names},
        places=places,
        policies=Policies(
            lead_time=minutes(draw(some.sampled_from([0, 90]))),
            horizon=timedelta(hours=draw(some.sampled_from([9, 48, 48, 48]))),
            slot_step=minutes(draw(some.sampled_from([5, 15, 15, 20, 60, 360]))),
        ),
    )
    start = change + minutes(draw(some.integers(-10 * 60, 60)))
    span = Span(start, start + minutes(draw(some.integers(60, 10 * 60))))
    now = start - minutes(draw(some.integers(-120, 120))) + timedelta(seconds=draw(some.integers(0, 59)))
    subjects = [member.subject for member in salon.staff.values()]
    subjects += [place for kind in places for place in salon.subjects(kind)]
    return Case(salon, draw(wishes(salon)), span, now, draw(busy(subjects, start)))


@some.composite
def wishes(draw: some.DrawFn, salon: Salon) -> Wish:
    asked = draw(some.lists(some.sampled_from(sorted(salon.services)), min_size=1, max_size=3))
    if draw(some.booleans()):
        return Wish(asked)
    return Wish(asked, [draw(some.sampled_from([ANY, *salon.services[name].staff])) for name in asked])


@some.composite
def busy(draw: some.DrawFn, subjects: list[str], start: datetime) -> dict[str, list[Span]]:
    """In no order, perhaps overlapping, with seconds."""
    spans = some.builds(
        lambda begins, length: Span(start + timedelta(seconds=begins), start + timedelta(seconds=begins + length)),
        some.integers(-3 * 3600, 12 * 3600),
        some.integers(0, 2 * 3600),
    )
    return draw(some.dictionaries(some.sampled_from(subjects), some.lists(spans, max_size=2)))


def at_work(member: StaffMember, zone: ZoneInfo, instant: datetime) -> bool:
    """Whether the clock on the wall shows a time within this person's hours, or within those of the evening before."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        shown = (wall - datetime.combine(day, time())) / MINUTE
        if any(window.start <= shown < window.end for window in member.windows(day)):
            return True
    return False


class Oracle:
    """Looks at every minute of every claim. `offers` must say the same, and knows another way."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._zone = ZoneInfo(case.salon.time_zone)
        self._known: dict[tuple[str, datetime], bool] = {}

    def can_start(self, start: datetime) -> bool:
        """Whether there is somebody, and a place, for every minute of a visit."""
        salon, wish = self._case.salon, self._case.wish
        people = [wish.staff] * len(wish.services) if isinstance(wish.staff, str) else wish.staff
        return self._is_bookable(start) and all(
            self._has_somebody(service, who, at) and self._has_places(service, at)
            for (service, at), who in zip(_in_turn(salon, wish, start), people, strict=True)
        )

    def _is_bookable(self, start: datetime) -> bool:
        policies, wall = self._case.salon.policies, start.astimezone(self._zone)
        on_grid = not (wall.hour * 60 + wall.minute) % (policies.slot_step // MINUTE) and not start.second
        return on_grid and policies.lead_time <= start - self._case.now <= policies.horizon

    def _has_somebody(self, service: Service, who: str, start: datetime) -> bool:
        people = service.staff if who == ANY else (who,)
        return any(self._has_time(one, service, start) for one in people)

    def _has_time(self, one: str, service: Service, start: datetime) -> bool:
        gap = service.gap or Gap(service.duration, minutes(0))
        for number in range(-service.before // MINUTE, (service.duration + service.after) // MINUTE):
            if gap.after <= minutes(number) < gap.after + gap.length:
                continue
            minute = start + minutes(number)
            served = 0 <= number < service.duration // MINUTE
            if not self._is_free(f"staff:{one}", minute) or (served and not self._works(one, minute)):
                return False
        return True

    def _has_places(self, service: Service, start: datetime) -> bool:
        taken = range((service.before + service.duration + service.after) // MINUTE)
        return all(
            any(
                all(self._is_free(f"{kind}:{number + 1}", start - service.before + minutes(minute)) for minute in taken)
                for number in range(self._case.salon.places[kind])
            )
            for kind in service.needs
        )

    def _works(self, one: str, minute: datetime) -> bool:
        if (one, minute) not in self._known:
            self._known[one, minute] = at_work(self._case.salon.staff[one], self._zone, minute)
        return self._known[one, minute]

    def _is_free(self, subject: str, minute: datetime) -> bool:
        spans = self._case.busy.get(subject, ())
        return not any(max(start, minute) < min(end, minute + MINUTE) for start, end in spans)


def _in_turn(salon: Salon, wish: Wish, start: datetime) -> Iterator[tuple[Service, datetime]]:
    """The services, and when each starts: after the buffers of both."""
    last = None
    for service in (salon.services[name] for name in wish.services):
        start = start if last is None else start + last.duration + last.after + service.before
        yield service, start
        last = service
