"""Gateware of consilience: exact log-sum-exp (a superaccumulator) and Bayesian fusion.

Everything under `spec` (number formats, tables, result flags, link map) imports no Amaranth, so
that models and host software share it.
"""
