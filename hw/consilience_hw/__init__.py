"""Gateware of consilience: exact log-sum-exp and Bayesian fusion.

Number formats (`log_format`, `weight`, `exp2_table`), result flags (`result_status`) and the link
map (`link_map`) import no Amaranth, so that models and host software share them.
"""
