-- What: the rows of one side of a comparison, or a random sample of them, the same for the same seed.
-- Grain: a row of the side.
-- Slots, from code alone: `side` the table; `columns` of it from an allow-list.
-- Reads: reference_rows or current_rows.
-- Parameters: $most: rows at most; $seed.
WITH numbered AS (SELECT {columns}, row_number() OVER () AS drift_place FROM {side})
SELECT {columns} FROM numbered ORDER BY hash(drift_place, $seed) LIMIT $most
