-- What: the rows of either side of a comparison whose number lies in each of equally wide bins; what lies beyond either end counts in
--   the outermost bin.
-- Grain: a bin that holds a row. Missing values, and numbers that are not finite, are none.
-- Slot, from an allow-list: `value` the column.
-- Reads: reference_rows, current_rows.
-- Parameters: $low, $high: the ends; $bins: how many.
WITH told AS (
    SELECT {value} AS value, 1 AS reference, 0 AS current FROM reference_rows
    UNION ALL
    SELECT {value} AS value, 0 AS reference, 1 AS current FROM current_rows
)
SELECT
    greatest(0, least($bins - 1, floor((value - $low) / ($high - $low) * $bins)))::INTEGER AS bin,
    sum(reference)::BIGINT AS reference, sum(current)::BIGINT AS current
FROM told
WHERE value IS NOT NULL
GROUP BY bin
ORDER BY bin
