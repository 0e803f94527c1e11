-- What: the keys of the rows that give way, in a table that follows the events, to those that a commit brings.
-- Grain: a key.
-- Slots, from code alone: `key` its columns, with commas between them; `scan` the data files that hold them.
CREATE OR REPLACE TEMP TABLE followed_keys AS SELECT DISTINCT {key} FROM {scan}
