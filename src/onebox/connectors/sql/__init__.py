"""Step kind sql: one statement with named parameters, on the box's own database or a named one."""
