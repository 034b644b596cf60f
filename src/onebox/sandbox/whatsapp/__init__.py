"""WhatsApp, as a business sees it: the Graph API, its webhooks, and the people who write."""
