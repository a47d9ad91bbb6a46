"""`consilience benchmark --scale`: what grows with the number of agents, and what does not."""
