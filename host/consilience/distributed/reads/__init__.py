"""A node that answers reads while it is cut off: dated states, and what they are worth now."""
