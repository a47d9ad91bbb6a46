"""Pages and plots from templates."""
