"""Who can do the work: one file a backend, behind the protocols of `base`."""
