"""What is done with all pictures of chosen rows: plan, fetch, stream, keep in order, attribute, hand on."""
