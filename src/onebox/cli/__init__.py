"""What you type: one module a command; data to stdout, talk to stderr."""
