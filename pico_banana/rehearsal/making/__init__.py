"""Make synthetic mirrors in the published layout, of any size, with the traps of the real one."""
