"""The page Leads: finding a lead, the lead itself with what moved its score, and forgetting a person."""
