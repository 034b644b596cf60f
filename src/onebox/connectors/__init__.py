"""What a flow may call outside the box: HTTP, databases, the box's own Python functions."""
