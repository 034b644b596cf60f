"""The Claude Code kit: what a repository needs for an assistant to work on it well, and the proof that it works."""
