-- What: the attributes that the settings name, each from the newest touch so far that has it.
-- Grain: a moment.
-- Reads: moments, arrivals.
-- Slots, one entry each for the named attributes: `told` the value that a touch gives; `news` the newest value since the moment
--   before, and the place of its touch; `so_far` the newest value up to the moment.
-- Parameters: the attributes' places in the JSON, as $path0, $path1, ….
WITH told AS (
    SELECT
        lead_id, as_of, position,
        {told}
    FROM arrivals
    WHERE is_touch
), news AS (
    SELECT
        lead_id, as_of,
        {news}
    FROM told
    GROUP BY lead_id, as_of
)
SELECT
    lead_id, as_of,
    {so_far}
FROM moments LEFT JOIN news USING (lead_id, as_of)
WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
