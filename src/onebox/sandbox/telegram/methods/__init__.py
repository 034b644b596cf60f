"""The methods of the Bot API: what each takes, refuses and gives."""
