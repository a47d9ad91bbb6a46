"""Link bytes in, link bytes out: the session, its jobs, and what they run on."""
