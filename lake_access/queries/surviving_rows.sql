-- What: the rows of some data files whose key is not among the given ones; a view, so that files of any size stream into new ones.
-- Grain: a row of the table.
-- Slots, from code alone: `scan` the files; `key` a column; `keys` a table with that column.
CREATE OR REPLACE VIEW surviving_rows AS
SELECT * FROM {scan} AS stored WHERE NOT EXISTS (SELECT 1 FROM {keys} AS gone WHERE gone.{key} = stored.{key})
