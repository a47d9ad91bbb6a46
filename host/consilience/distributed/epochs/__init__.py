"""Epochs on replicated shards: signed frames, one agreed frame set, digests that are compared."""
