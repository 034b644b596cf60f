"""Telegram, as a bot sees it: the Bot API, and the people who write to the bot."""
