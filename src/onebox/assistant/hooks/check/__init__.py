"""After an edit, and when the assistant stops: what the project's own tools say."""
