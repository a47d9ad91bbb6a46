"""A board on Gigabit Ethernet in virtual time: how fast, and what loss leaves."""
