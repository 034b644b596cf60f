"""Channel slack: each message is posted to an incoming webhook of a Slack channel."""
