"""What an operator does around a box."""
