"""How people and other programs are reached: one folder a channel."""
