"""The loss around trained weights, on a plane through them."""
