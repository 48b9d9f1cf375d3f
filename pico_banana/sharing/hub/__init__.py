"""Publish rows and pictures as a Hugging Face dataset repository: build the folder, check it, upload it.

The order of a publication: `licence` says whether it may be, `repository` writes the folder (Parquet, rows files,
index, card, Croissant), `viewer` looks at it as the Hub's viewer would, `upload` brings it to the Hub.
"""
