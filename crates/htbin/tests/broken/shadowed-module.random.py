"""A first try with random numbers, forgotten beside the scripts."""
