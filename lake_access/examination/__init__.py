"""What the doctor looks at in a lake that can be opened: the feeds that bring its events, and its tables."""
