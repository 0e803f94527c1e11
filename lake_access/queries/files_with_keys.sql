-- What: which data files hold any of the keys.
-- Grain: a data file.
-- Slots, from code alone: `scan` a pinned snapshot with file names; `key` its columns, with commas between them; `keys` a
--   temporary table with those columns.
SELECT DISTINCT filename FROM {scan} SEMI JOIN {keys} USING ({key})
