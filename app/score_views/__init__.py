"""The page Scores: what it says and draws, and the band editor."""
