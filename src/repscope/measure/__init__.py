"""What is true of sets: estimates, controls, verdicts. Arrays in, frozen records out."""
