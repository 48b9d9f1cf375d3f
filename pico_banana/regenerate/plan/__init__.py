"""What is to be made: photos, and the edits planned for each."""
