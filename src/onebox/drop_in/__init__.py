"""Parts for bots that exist already: they work alone, without a box."""
