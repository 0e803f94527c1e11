-- What: how often streams land: their newest landing, and the seconds between landings, usual (the median) and long (exceeded
--   by one of ten). A known past, landed at once, says nothing about that.
-- Grain: a stream with enough landings.
-- Parameters: $told: how many of a stream's newest landings count; $needed: how many it must have.
WITH landings AS (
    SELECT DISTINCT stream, landed_at FROM curated.batches WHERE NOT history
), gaps AS (
    SELECT stream, landed_at, epoch(landed_at - lag(landed_at) OVER (PARTITION BY stream ORDER BY landed_at)) AS gap
    FROM landings
    QUALIFY row_number() OVER (PARTITION BY stream ORDER BY landed_at DESC) <= $told
)
SELECT stream, max(landed_at) AS newest, median(gap) AS usual, quantile_cont(gap, 0.9) AS long
FROM gaps
GROUP BY stream
HAVING count(*) >= $needed
ORDER BY stream
