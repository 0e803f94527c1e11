-- What: how many different values each column has among some rows of either side: whether it is worth counting them all.
-- Grain: one row.
-- Slot, from an allow-list: `distinct` counts of the compared columns.
-- Reads: reference_rows, current_rows.
-- Parameters: $most: rows of a side to look at.
SELECT {distinct} FROM ((FROM reference_rows LIMIT $most) UNION ALL (FROM current_rows LIMIT $most))
