"""Who works, and how: staff at the desk, stages of one edit, walks of one item, the run over all of them."""
