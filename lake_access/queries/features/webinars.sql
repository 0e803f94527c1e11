-- What: how long a lead stayed in webinars, on average.
-- Grain: a moment.
-- Reads: moments, arrivals.
-- Slot: `duration` the declared field, or NULL where none is declared.
--
-- Decimals, to a millionth of a minute: their sum is the same in whatever order they are added.
WITH news AS (
    SELECT
        lead_id, as_of,
        sum(TRY_CAST({duration} AS DECIMAL(27, 6))) AS minutes,
        count(TRY_CAST({duration} AS DECIMAL(27, 6))) AS webinars
    FROM arrivals
    WHERE is_touch AND event_type = 'webinar_attendance'
    GROUP BY lead_id, as_of
)
SELECT
    lead_id, as_of,
    (sum(minutes) OVER so_far)::DOUBLE / nullif(sum(webinars) OVER so_far, 0)::DOUBLE AS avg_webinar_time
FROM moments LEFT JOIN news USING (lead_id, as_of)
WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
