"""A log sum that follows each change of a member."""
