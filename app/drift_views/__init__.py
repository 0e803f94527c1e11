"""The page Drift: its sections, what a reader chooses, and what they say and show."""
