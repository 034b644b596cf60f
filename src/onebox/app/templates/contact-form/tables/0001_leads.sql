-- Who wrote by the form. `onebox migrate` makes it, on SQLite and Postgres alike.
create table leads (
    id integer primary key,
    name text not null,
    email text not null,
    message text not null,
    created_at timestamptz not null default current_timestamp
);
create index leads_email on leads (email);
