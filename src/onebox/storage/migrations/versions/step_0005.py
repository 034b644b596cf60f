"""Appointments, what they take and what happened to them; and what keeps two of them from one time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


# Who changes a state by hand takes the time, or gives it back; or is refused.
_TAKES = "(new.state in ('held', 'confirmed', 'done'))"
_FOLLOW = (
    f"update appointment_claim set active = {_TAKES}"  # noqa: S608 - our own words
    f" where appointment_id = new.id and active <> {_TAKES}"
)

_POSTGRES = (
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


_SQLITE = (
    _trigger("appointment_never_twice_inserted", "insert"),
    _trigger("appointment_never_twice_updated", "update"),
    f"""
create trigger appointment_claims_follow after update of state on appointment
begin
    {_FOLLOW};
end""".strip(),
)


def upgrade() -> None:
    _create_appointments()
    _create_claims()
    _create_history()


def _create_appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("request_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("held_until", _Instant, nullable=True),
        sa.Column("starts_at", _Instant, nullable=False),
        sa.Column("ends_at", _Instant, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=True),
        sa.Column("person_id", sa.Text, nullable=True),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("phone", sa.Text, nullable=True),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("deposit", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("language", sa.Text, nullable=True),
        sa.Column("created_at", _Instant, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("request_digest", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("appointment_request", "appointment", ["request_key"], unique=True)
    op.create_index("appointment_hold", "appointment", ["held_until"], **_where("state = 'held'"))
    op.create_index("appointment_day", "appointment", ["starts_at"])
    for who in ("client", "person"):
        known = _where(f"{who}_id is not null")
        op.create_index(f"appointment_{who}", "appointment", [f"{who}_id", "starts_at"], **known)


def _create_claims() -> None:
    op.create_table(
        "appointment_claim",
        sa.Column("appointment_id", _Id, primary_key=True),
        sa.Column("subject", _Id, primary_key=True),
        sa.Column("starts_at", _Instant, primary_key=True),
        sa.Column("ends_at", _Instant, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    columns = ["subject", "ends_at", "starts_at"]
    op.create_index("appointment_claim_busy", "appointment_claim", columns, **_where("active"))
    connection = op.get_bind()
    for statement in _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)


def _create_history() -> None:
    op.create_table(
        "appointment_entry",
        sa.Column("appointment_id", _Id, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=True),
        sa.Column("starts_at", _Instant, nullable=False),
        sa.Column("ends_at", _Instant, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("at", _Instant, nullable=False),
        sa.Column("request_key", sa.Text, nullable=True),
        sa.Column("request_digest", sa.Text, nullable=True),
        sqlite_with_rowid=False,
    )
    columns = ["appointment_id", "request_key"]
    asked = _where("request_key is not null")
    op.create_index("appointment_entry_request", "appointment_entry", columns, unique=True, **asked)
