"""Before a tool is used: no secret is read, written or given away, and the guard itself stays as it is."""
