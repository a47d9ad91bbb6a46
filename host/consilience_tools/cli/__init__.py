"""Commands that the tool chain adds to consilience."""
