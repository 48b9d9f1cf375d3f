"""People for portraits: who somebody is, what they wear, and the manners in which they can be drawn."""
