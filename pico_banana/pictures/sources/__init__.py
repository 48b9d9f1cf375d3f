"""Where source photos come from: a folder, the Open Images copies one by one or in tars, Flickr; each usable alone."""
