"""The same bits where data already is: exact sums in SQL engines, data frames and JAX.

Each module needs the library of its name, an extra of the package. What they share is the state of
an exact sum as rows: `state_rows`.
"""
