"""Pictures as arrays: decoding, resizing, geometry policies, measurements.

`decode` turns encoded bytes into pixels, `header` reads a picture's size without its pixels, `geometry` brings the
pictures of one row to one shape, `measure` says how far an edit strayed from its source's frame.
"""
