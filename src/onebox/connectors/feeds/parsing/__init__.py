"""What the child process does that reads feeds. The box imports none of it, and it imports nothing of the box."""
