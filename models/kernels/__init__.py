"""Loops over trees, compiled by numba. The rules of the room are those of `features.kernels`."""
