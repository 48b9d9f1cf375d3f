"""Published Parquet: pictures in one piece, row groups and pages as the Hub's viewer wants them, resumable."""
