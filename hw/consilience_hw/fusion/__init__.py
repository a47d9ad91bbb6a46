"""Evidence to posteriors, ages to weights, ratios to robust sums."""
