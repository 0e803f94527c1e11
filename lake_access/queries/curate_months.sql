-- What: the months in which copies of the chunk's events could lie, counted from January 1970 as Iceberg counts them;
--   NULL among them where an event has an id of its own: its copy could lie in any.
-- Grain: a month.
-- Reads: typed.
SELECT DISTINCT CASE WHEN NOT has_own_id THEN date_diff('month', TIMESTAMPTZ '1970-01-01 00:00:00Z', occurred_at) END
FROM typed
WHERE reason IS NULL
