"""One file a step. A released one is never changed."""
