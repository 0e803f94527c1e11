-- What: the months in which copies of the chunk's events could lie, counted from January 1970 as Iceberg counts them;
--   NULL among them where an event has an id of its own: its copy could lie in any.
-- Grain: a month.
-- Reads: typed.
SELECT DISTINCT CASE WHEN NOT has_own_id THEN (year(utc(occurred_at)) - 1970) * 12 + month(utc(occurred_at)) - 1 END
FROM typed
WHERE reason IS NULL
