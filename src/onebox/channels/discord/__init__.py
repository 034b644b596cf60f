"""Channel discord: each message is posted to a webhook of a Discord channel."""
