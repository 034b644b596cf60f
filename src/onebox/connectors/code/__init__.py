"""Step kind python: a function of the box's `code/` folder, run in a child process that can be stopped."""
