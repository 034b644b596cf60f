"""Understands the days and times that people name in what they write."""
