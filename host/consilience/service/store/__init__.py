"""What a service keeps on the disk: the log of observations, snapshots, and a database to read."""
