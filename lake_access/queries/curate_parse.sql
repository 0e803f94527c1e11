-- What: the lines of a chunk taken apart: how many keys has each, and each known key's value as JSON text.
-- Grain: a line that is not blank. `all_keys` is NULL for a line that is not JSON, and 0 for JSON that has no keys.
-- Reads: lines (batch_index, line_number, line).
-- Slots, all from the declarations' checked names: `shape` the known keys, for json_transform; `columns` one column a key.
CREATE OR REPLACE TEMP VIEW parsed AS
WITH taken_apart AS (
    -- TRY costs nothing while the lines are JSON; asking first whether they are would parse each once more.
    SELECT *, len(TRY(json_keys(line))) AS all_keys, TRY(json_transform(line, '{shape}')) AS j
    FROM lines
    WHERE starts_with(line, '{{') OR regexp_matches(line, '\S')
)
SELECT batch_index, line_number, line, all_keys, {columns} FROM taken_apart
