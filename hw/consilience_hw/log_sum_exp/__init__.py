"""The exact log-sum-exp (a superaccumulator): exp2, reduction and log2 as one unit."""
