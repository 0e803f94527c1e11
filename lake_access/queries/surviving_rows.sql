-- What: the rows of some data files whose key is not among the given ones; a view, so that files of any size stream into new ones.
-- Grain: a row of the table.
-- Slots, from code alone: `scan` the files; `key` the key's columns, with commas between them; `keys` a table with those columns.
CREATE OR REPLACE VIEW surviving_rows AS
SELECT * FROM {scan} ANTI JOIN {keys} USING ({key})
