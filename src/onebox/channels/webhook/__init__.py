"""Channel webhook: each message is an HTTP POST, signed as Standard Webhooks says."""
