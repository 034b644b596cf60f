"""How the tables came to be what they are: ordered steps, each safe while the old code still runs."""
