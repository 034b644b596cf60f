"""The demo: a throw-away box, a small shop that it asks, and what comes in."""
