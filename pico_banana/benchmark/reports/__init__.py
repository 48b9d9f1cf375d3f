"""Numbers as people and other programs read them: a terminal's table, CSV, one page of HTML, files for the Hub."""
