-- What: the numbers of a column of one side of a comparison that lie in a range; in no order.
-- Grain: a row that has one. Missing values, and numbers that are not finite, are in no range.
-- Slots, from code alone: `side` the table; from an allow-list: `value` the column.
-- Reads: reference_rows or current_rows.
-- Parameters: $low, $high: from the first on and below the second.
SELECT {value} AS value FROM {side} WHERE {value} >= $low AND {value} < $high
