-- What: the rows of all rollups.
-- Grain: a row of a rollup; dimensions that it has not are NULL.
-- Slots, from code alone: `counts` a query for each rollup.
CREATE OR REPLACE TABLE new_rollups AS
{counts}
