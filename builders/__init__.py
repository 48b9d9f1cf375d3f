"""The `datasets` builder, as a module of this package and as a script of its own."""
