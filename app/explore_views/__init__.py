"""The page Explore: the query at hand, and what is drawn of its result."""
