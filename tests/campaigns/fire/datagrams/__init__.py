"""The link under fire on a network: what happens to datagrams, through the real UDP transport."""
