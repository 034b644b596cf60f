"""Channel terminal: prints messages, and keeps the last ones. For the demo, for trying out, and for tests."""
