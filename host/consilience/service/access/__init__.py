"""Who may do what: tokens, scopes, certificates, limits, TLS, and a log of who changed what."""
