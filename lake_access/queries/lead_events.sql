-- What: the events of one lead, the newest of them where there are too many, with how many there are in all.
-- Grain: an event.
-- Slots: none. Reads: curated.events. Parameters: $lead_id, $most.
SELECT * EXCLUDE (lead_id, history, line_number), count(*) OVER () AS found
FROM curated.events
WHERE lead_id = $lead_id::UUID
ORDER BY occurred_at DESC, event_id DESC, stream DESC
LIMIT $most
