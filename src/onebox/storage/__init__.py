"""What the box keeps: SQLite or Postgres, one writer with group commit, readers that never wait for it."""
