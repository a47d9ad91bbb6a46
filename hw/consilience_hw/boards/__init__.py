"""Boards: one small file of data each; `top.BoardTop` makes the design from it.

Needs the package amaranth-boards (``pip install 'consilience[build]'``).
"""
