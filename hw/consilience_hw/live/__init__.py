"""The live log sum: an exact sum that follows each change of one of its codes."""
