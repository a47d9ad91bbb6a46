"""Boards: each a small file of data, from which `top.BoardTop` makes what is built.

Needs the package amaranth-boards (``pip install 'consilience[build]'``).
"""
