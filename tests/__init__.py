"""What the house claims of itself: the folders mirror the rooms, and `browser/` drives real pages.

Belongs here: tests that read as claims, over real parts, with time and randomness given.
Does not: a timed goal (`bench/`), a mock of what can run here, a test that cannot fail.
"""
