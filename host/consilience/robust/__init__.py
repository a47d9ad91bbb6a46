"""How many liars evidence bears: its quality on recorded runs, and what liars say."""
