"""WhatsApp by the Cloud API: messages out by the Graph API, messages and statuses in by Meta's webhook."""
