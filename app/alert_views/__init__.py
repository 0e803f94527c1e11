"""The page Alerts: its tables and its forms."""
