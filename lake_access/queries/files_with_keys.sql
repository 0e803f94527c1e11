-- What: which data files hold any of the keys.
-- Grain: a data file.
-- Slots, from code alone: `scan` a pinned snapshot with file names; `key` a column; `keys` a temporary table with that column.
SELECT DISTINCT filename FROM {scan} WHERE {key} IN (SELECT {key} FROM {keys})
