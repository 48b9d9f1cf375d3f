"""The texts of rows that are there already, made anew: short ones repaired, captions by what changed, translations."""
