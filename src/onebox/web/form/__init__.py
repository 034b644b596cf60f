"""Web forms of everyone: fields that are checked, files, spam kept out, answers that a person can read."""
