"""Rows and pictures in the shapes others read: Parquet for publication, and what trainers expect."""
