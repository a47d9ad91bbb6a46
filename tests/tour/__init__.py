"""What strangers typed who had the pages alone, and what they must be told: docs/strangers.md."""
