-- What: the rows of some data files whose key is not among the given ones.
-- Grain: a row of the table.
-- Slots, from code alone: `scan` the files; `key` the key's columns, with commas between them; `keys` a temporary table with
--   those columns.
CREATE OR REPLACE TABLE surviving_rows AS
SELECT * FROM {scan} ANTI JOIN {keys} USING ({key})
