"""The host's side of the link: one protocol over any byte stream."""
