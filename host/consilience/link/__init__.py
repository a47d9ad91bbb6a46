"""The host's side of the link, and a device's side in software: one protocol, any byte stream."""
