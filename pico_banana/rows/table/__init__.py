"""The stored table, opened: `mapped` is the file, `query` chooses rows, `reading` gives them out."""
