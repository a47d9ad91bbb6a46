"""Models of what agents do: fitted on runs, kept in one file, asked step by step."""
