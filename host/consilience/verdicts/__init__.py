"""From posteriors to verdicts: probabilities that sum to 1, decisions with costs, exact ties."""
