"""Epochs on replicated shards: signed reports, one agreed report set, digests that are compared."""
