"""Files that people sent in chats, fetched from the channel's servers."""
