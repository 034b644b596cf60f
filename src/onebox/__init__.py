"""Onebox runs the chat bots, bookings and automations of a small business on one box."""

__version__ = "0.1.0"
