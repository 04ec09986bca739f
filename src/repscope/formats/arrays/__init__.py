"""npy, npz, safetensors and HDF5 arrays, read and written."""
