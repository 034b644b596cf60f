"""What a salon says: texts by language, and the values within."""
