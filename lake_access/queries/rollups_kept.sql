-- What: adds the rows of some data files of the rollups whose month of creation is not among the given ones.
-- Grain: a row of a rollup.
-- Slots, from code alone: `scan` the files; `columns` theirs.
-- Parameters: $months: months counted from 1970.
INSERT INTO new_rollups BY NAME
SELECT {columns} FROM {scan} WHERE NOT list_contains($months::BIGINT[], datediff('month', DATE '1970-01-01', created_on))
