"""What discrete codes keep of the rows that they stand for, and what they cost."""
