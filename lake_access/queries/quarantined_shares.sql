-- What: how many of the lines of a stream's newest batches were quarantined, and of those before.
-- Grain: a stream with lines in both.
-- Parameters: $newest, $before: how many batches count as newest, and how many before them.
WITH ranked AS (
    SELECT stream, read, quarantined,
        row_number() OVER (PARTITION BY stream ORDER BY landed_at DESC, batch_id DESC) <= $newest AS is_newest
    FROM curated.batches
    WHERE read > 0
    QUALIFY row_number() OVER (PARTITION BY stream ORDER BY landed_at DESC, batch_id DESC) <= $newest + $before
)
SELECT stream,
    sum(quarantined) FILTER (is_newest), sum(read) FILTER (is_newest),
    sum(quarantined) FILTER (NOT is_newest), sum(read) FILTER (NOT is_newest)
FROM ranked
GROUP BY stream
HAVING count(*) FILTER (NOT is_newest) > 0
ORDER BY stream
