"""Trigger feed: RSS, RDF, Atom and JSON Feed, polled; each item is told once."""
