"""Rows in the viewers of others that take live objects; those that read files are formats of `export`."""
