"""What comes of a run: everything derived from the ledger, the rows made of it, the reports."""
