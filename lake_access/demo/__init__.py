"""The made-up year behind the demo lake: its plan, calendar, leads, touches, feedback and how they become lines."""
