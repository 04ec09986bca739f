"""What is taken from a model in one forward pass: points, hooks, pooling."""
