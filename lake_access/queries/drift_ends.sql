-- What: between which numbers 98 of 100 values of a column lie, over both sides of a comparison.
-- Grain: one row.
-- Slot, from an allow-list: `value` the column.
-- Reads: reference_rows, current_rows.
SELECT quantile_cont(value, 0.01) AS low, quantile_cont(value, 0.99) AS high
FROM (SELECT {value} AS value FROM reference_rows UNION ALL SELECT {value} AS value FROM current_rows)
