-- What: how often each value of a column occurs on either side of a comparison; in the order of the values.
-- Grain: a value that occurs. Missing values, and numbers that are not finite, are none.
-- Slot, from an allow-list: `value` the column.
-- Reads: reference_rows, current_rows.
-- Parameters: $most: no more rows than that.
WITH counted AS (
    SELECT {value} AS value, count(*) AS reference, 0 AS current FROM reference_rows GROUP BY ALL
    UNION ALL
    SELECT {value} AS value, 0 AS reference, count(*) AS current FROM current_rows GROUP BY ALL
)
SELECT value, sum(reference)::BIGINT AS reference, sum(current)::BIGINT AS current
FROM counted
WHERE value IS NOT NULL
GROUP BY value
ORDER BY value
LIMIT $most
