"""Evidence that producers send to shards over the network, acknowledged once it is on the disk."""
