"""`consilience benchmark`: speed and error, measured beside what others use, in one run."""
