"""The command line `consilience`."""
