"""A service that takes observations over HTTP, keeps them, judges them and says who misbehaves."""
