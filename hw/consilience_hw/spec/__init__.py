"""Numbers, flags, tables and the link map in plain Python.

Models and host software import these: nothing here needs Amaranth.
"""
