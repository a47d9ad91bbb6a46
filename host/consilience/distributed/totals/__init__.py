"""Totals over shards: exact sums of evidence, published and collected."""
