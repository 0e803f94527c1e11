-- What: the numbers of a column in a sample of both sides of a comparison, the same each time; in order.
-- Grain: a sampled row that has one. Missing values, and numbers that are not finite, are none.
-- Slot, from an allow-list: `value` the column.
-- Reads: reference_rows, current_rows.
-- Parameters: $low, $high: from the first on and below the second.
WITH sampled AS (
    -- By the vector, of some thousand rows: by the row, sampling takes longer than reading.
    SELECT {value} AS value FROM reference_rows TABLESAMPLE system (2 PERCENT) REPEATABLE (1)
    UNION ALL
    SELECT {value} AS value FROM current_rows TABLESAMPLE system (2 PERCENT) REPEATABLE (1)
)
SELECT value FROM sampled WHERE value >= $low AND value < $high ORDER BY value
