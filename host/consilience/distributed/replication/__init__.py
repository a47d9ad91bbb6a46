"""Replicas of signed epochs over a network: rounds by the clock, votes, and catching up."""
