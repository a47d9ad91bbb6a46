"""Log sums that are always up to date: agents' evidence goes out, new evidence comes in."""
