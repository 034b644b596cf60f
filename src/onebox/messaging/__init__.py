"""What comes in and what goes out: inbox and outbox, and the port that channels implement."""
