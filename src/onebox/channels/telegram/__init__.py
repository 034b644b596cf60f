"""Telegram: messages out by the Bot API, updates in by long polling or by webhook."""
