"""What several tests share beside fixtures: programs that die, a small training, a sequential test."""
