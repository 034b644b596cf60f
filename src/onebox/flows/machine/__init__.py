"""The flow machine: event and journal in, commands out. No clock, no I/O, no chance."""
