"""What stands in scenes, one function a kind: origin at the lower edge, y upward negative, a person 80 points tall."""
