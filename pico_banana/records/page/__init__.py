"""What every page to look at is made of: style, script, cards of pictures, and the big view over them."""
