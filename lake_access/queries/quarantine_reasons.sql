-- What: how many lines are quarantined, by reason, the most frequent first.
-- Grain: a reason.
SELECT reason, count(*) AS lines FROM curated.quarantine GROUP BY reason ORDER BY lines DESC, reason
