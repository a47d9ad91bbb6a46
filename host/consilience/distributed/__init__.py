"""Shards in processes and hosts: exact states that travel, and what is held of them."""
