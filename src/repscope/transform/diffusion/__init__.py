"""Gaussian diffusion as a bridge: schedules, process, denoisers, samplers."""
