-- What: how many events of each type and of each stream of touches a lead has so far.
-- Grain: a moment.
-- Reads: moments, arrivals.
-- Slots, one column each for the declared names: `news` the count since the moment before; `so_far` the count up to the moment.
-- Parameters: the names, each called as its column.
WITH news AS (
    SELECT
        lead_id, as_of,
        {news}
    FROM arrivals
    GROUP BY lead_id, as_of
)
SELECT
    lead_id, as_of,
    {so_far}
FROM moments LEFT JOIN news USING (lead_id, as_of)
WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
