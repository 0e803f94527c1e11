-- What: every number of a column, of both sides of a comparison, in the order of the numbers.
-- Grain: a row that has one. Missing values, and numbers that are not finite, are none.
-- Slot, from an allow-list: `value` the column.
-- Reads: reference_rows, current_rows.
WITH told AS (
    SELECT {value} AS value, 0::UTINYINT AS is_current FROM reference_rows
    UNION ALL
    SELECT {value} AS value, 1::UTINYINT AS is_current FROM current_rows
)
SELECT value, is_current FROM told WHERE value IS NOT NULL ORDER BY value
