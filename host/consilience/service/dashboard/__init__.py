"""The page that shows the fleet: files that the service itself sends, from no other place."""
