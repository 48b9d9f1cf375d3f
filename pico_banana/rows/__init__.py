"""From published lines to chosen records: a rows file goes in, numbered rows of a memory-mapped table come out.

`lines` reads what is published, `building` makes the store, `table` maps and asks it, `choosing` says which rows.
"""
