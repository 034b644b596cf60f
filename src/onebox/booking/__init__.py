"""Booking: what a salon offers, and when. It knows no channel and no flow, and takes the time from outside."""
