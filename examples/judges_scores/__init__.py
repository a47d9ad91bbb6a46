"""Judges' scores: which runs of an agent will fail, told while they go on, with a promise."""
