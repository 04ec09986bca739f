"""Networks that look at a noisy row and its time step: ``mlp``, ``dit`` and ``unet1d``."""
