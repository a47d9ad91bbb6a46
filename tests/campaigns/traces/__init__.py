"""Readers of traces, over a folder of files that bear their right answers."""
