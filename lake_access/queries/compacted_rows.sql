-- What: the rows of some data files, to be written as one.
-- Grain: a row of the table.
-- Slot, from code alone: `scan` the files, all of one partition.
CREATE OR REPLACE VIEW compacted_rows AS FROM {scan}
