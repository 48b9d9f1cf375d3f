"""Read published lines: `published` alone knows the published key names; ids, flags and problems of one row."""
