"""Judges as functions, for tests."""


def ill(before, after, instruction):
    raise RuntimeError("my judge is ill")
