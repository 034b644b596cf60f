"""The page in the browser: a chat with the bot, for several people."""
