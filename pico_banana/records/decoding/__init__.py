"""From bytes to an array: decoders, sizes, shapes, what an edit changed. Nothing here knows where bytes come from."""
