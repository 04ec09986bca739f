"""Two stages of the same items against a reference, from arrays."""
