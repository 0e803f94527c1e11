"""How a version goes live: requests with their gates and evidence, decisions, the champion, and the way back."""
