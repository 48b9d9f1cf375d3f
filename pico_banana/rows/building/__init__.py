"""Make the row store: every line of a rows file once, flagged and numbered, into one memory-mapped file."""
