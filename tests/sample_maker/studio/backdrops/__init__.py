"""What lies behind the things of a scene; each goes on beyond the photo on every side."""
