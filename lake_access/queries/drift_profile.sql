-- What: how many rows each side of a comparison has and, of each column, how many values and their extremes.
-- Grain: a side, the reference first.
-- Slot, from an allow-list: `measures` of the compared columns.
-- Reads: reference_rows, current_rows.
SELECT false AS is_current, count(*) AS side_rows{measures} FROM reference_rows
UNION ALL
SELECT true AS is_current, count(*) AS side_rows{measures} FROM current_rows
ORDER BY is_current
