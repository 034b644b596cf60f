"""Channel telegram: a bot sends the messages, and what people write to it comes in by long polling."""
