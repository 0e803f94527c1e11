"""Alerts: rules over the lake's figures, what they found, and who is told of it; docs/alerts.md says how it behaves."""
