"""Scores of judges over any rows: asked for, read, set side by side, held against what people say."""
