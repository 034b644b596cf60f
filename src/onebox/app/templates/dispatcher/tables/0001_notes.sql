-- What was written to the bot and is no command. `onebox migrate` makes it, on SQLite and Postgres alike.
create table notes (
    id integer primary key,
    sender text not null,
    text text not null,
    at timestamptz not null
);
create index notes_sender on notes (sender, at);
