-- What: how many lines are quarantined, by stream and reason, the most frequent first.
-- Grain: a stream and a reason.
-- Reads: curated.quarantine.
SELECT stream, reason, count(*)::BIGINT AS lines, min(seen_at) AS first_seen, max(seen_at) AS last_seen
FROM curated.quarantine
GROUP BY ALL
ORDER BY lines DESC, stream, reason
