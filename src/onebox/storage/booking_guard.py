"""What keeps the database itself from two appointments at one time, whoever writes: the box, another process, a person
at `psql` or `sqlite3`. The migration has the same text; a test compares what comes of both."""

from __future__ import annotations

# Who changes a state by hand takes the time, or gives it back; or is refused.
_TAKES = "(new.state in ('held', 'confirmed', 'done'))"
_FOLLOW = (
    f"update appointment_claim set active = {_TAKES}"  # noqa: S608 - our own words
    f" where appointment_id = new.id and active <> {_TAKES}"
)

POSTGRES = (
    # A range of text makes equality of subjects fit for the index, without an extension that the role may not create.
    'create type subject_range as range (subtype = text, collation = "C")',
    "alter table appointment_claim add constraint appointment_claim_times check (starts_at < ends_at)",
    """
alter table appointment_claim add constraint appointment_never_twice
    exclude using gist (tstzrange(starts_at, ends_at) with &&, subject_range(subject, subject, '[]') with &&)
    where (active)""".strip(),
    # As whoever calls it may have another path of schemas, it keeps the one that it is made with.
    f"""
create function appointment_claims_follow() returns trigger language plpgsql set search_path from current as $$
begin
    {_FOLLOW};
    return null;
end $$""".strip(),
    """
create trigger appointment_claims_follow after update of state on appointment
    for each row when (new.state is distinct from old.state) execute function appointment_claims_follow()""".strip(),
)

_INSTANT = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]." + "[0-9]" * 6 + "+00:00'"


def _trigger(name: str, event: str) -> str:
    # As no two overlap, the first that ends after the new one starts is also the first that starts.
    return f"""
create trigger {name} after {event} on appointment_claim when new.active
begin
    select raise(abort, 'a claim ends after it starts; instants are text such as 2026-03-01T10:00:00.000000+00:00')
    where new.starts_at not glob {_INSTANT} or new.ends_at not glob {_INSTANT} or new.starts_at >= new.ends_at;
    select raise(abort, 'appointment_never_twice: another appointment has the subject at this time')
    where new.ends_at > (
        select other.starts_at from appointment_claim as other
        where other.active and other.subject = new.subject and other.ends_at > new.starts_at
        and (other.appointment_id <> new.appointment_id or other.starts_at <> new.starts_at)
        order by other.ends_at limit 1
    );
end""".strip()  # noqa: S608 - our own words


SQLITE = (
    _trigger("appointment_never_twice_inserted", "insert"),
    _trigger("appointment_never_twice_updated", "update"),
    f"""
create trigger appointment_claims_follow after update of state on appointment
begin
    {_FOLLOW};
end""".strip(),
)
