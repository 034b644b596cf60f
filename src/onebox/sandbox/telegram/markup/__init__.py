"""Formatted texts: both parse modes, entities that are given, and those that Telegram finds by itself."""
