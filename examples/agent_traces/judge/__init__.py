"""Which runs were hijacked: each call judged by suite and user task, a run by its worst call."""
