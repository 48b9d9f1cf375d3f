"""Where everything lies: what is published where, under which address, in which local folder, and how a file gets here.

A mirror or a catalogue entry goes in; a path on this disk comes out. Nothing here knows what a row is.
"""
