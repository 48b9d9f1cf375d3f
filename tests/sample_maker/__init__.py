"""Draws the embedded sample: `python -m tests.sample_maker.make_sample` makes pico_banana/rehearsal/sample anew."""
