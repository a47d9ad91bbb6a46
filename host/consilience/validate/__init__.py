"""`consilience validate`: what the project claims, run on the machine at hand and its devices."""
