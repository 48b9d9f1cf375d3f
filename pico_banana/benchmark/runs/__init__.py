"""Editors and judges at work: a definition and names go in, result files with their passports come out."""
