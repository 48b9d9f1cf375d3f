"""From an address to bytes to an array: the file system, where photos come from, decoding, and work on all pictures."""
