"""What every room shares: clock, ids, durations, encoding, errors, the ledger. Imports nothing of ours."""
