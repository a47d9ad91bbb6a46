"""What is read from shards that may be out of date: weights, bounds and decisions, in integers."""
