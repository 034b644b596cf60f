"""The web chat: a page of the box where people write."""
