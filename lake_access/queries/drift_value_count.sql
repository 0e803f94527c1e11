-- What: how many rows of one side of a comparison have a number that lies in a range.
-- Grain: one row.
-- Slots, from code alone: `side` the table; from an allow-list: `value` the column.
-- Reads: reference_rows or current_rows.
-- Parameters: $low, $high: from the first on and below the second.
SELECT count(*) FROM {side} WHERE {value} >= $low AND {value} < $high
