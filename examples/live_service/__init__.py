"""A service from nothing: agents traced with OpenTelemetry, one hijacked, seen and told at once."""
