"""Pipelines, tables, memories and fabric cells that every unit is made of."""
