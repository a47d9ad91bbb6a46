"""Claims that need a tool chain or a checkout; an entry point joins them to the others."""
