"""Rehearsal: mirrors made from code alone, and servers that behave like the real ones, faults included.

They ship with the product, because tests, examples, benchmarks and a first try without a network use the same ones.
"""
