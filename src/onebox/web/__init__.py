"""What the world calls: webhooks, health. No SQL."""
