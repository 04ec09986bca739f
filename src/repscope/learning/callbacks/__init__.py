"""What is measured while a model trains, without changing its training."""
