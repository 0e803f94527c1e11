"""What lies behind a conversion rate: its funnel, its cohorts, why it changed, and the very leads.

No figure is drawn here and no page known; what a rate itself is stands in `lake_access/conversion.py`.
"""
