"""Rows in the forms of others: trainers' files, Parquet, the Hub and its viewer, `datasets`, pages to look at."""
