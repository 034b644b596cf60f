"""Channel email: each message is handed to a mail server by SMTP."""
