"""The pages Models and Approvals: versions, cards, comparisons and gates, and what pages have done about models."""
