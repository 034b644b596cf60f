"""Telegram: texts out by the Bot API, updates in by long polling."""
