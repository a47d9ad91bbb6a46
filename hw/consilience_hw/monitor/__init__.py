"""Sequential monitors: a statistic for each of many agents, one observation a cycle."""
