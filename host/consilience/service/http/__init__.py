"""The API: routes by resource, problems that name their cure, alarms as they come."""
