"""Mirrors for rehearsal: synthetic ones in the published layout, of any size, made from code alone.

They ship with the product, because tests, examples, benchmarks and a first try without a network use the same ones.
"""
