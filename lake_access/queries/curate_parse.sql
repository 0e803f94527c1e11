-- What: the lines of a chunk taken apart: how many keys has each, and each known key's value as JSON text.
-- Grain: a line that is not blank. `all_keys` is NULL for a line that is not JSON, and 0 for JSON that has no keys.
-- Reads: lines (batch_index, line_number, line).
-- Slots, all from the declarations' checked names: `shape` the known keys, for json_transform; `columns` one column a key.
CREATE OR REPLACE TEMP VIEW parsed AS
WITH checked AS (
    SELECT *, json_valid(line) AS is_json FROM lines WHERE starts_with(line, '{{') OR regexp_matches(line, '\S')
), taken_apart AS (
    SELECT *,
        CASE WHEN is_json THEN len(json_keys(line)) END AS all_keys,
        CASE WHEN is_json THEN json_transform(line, '{shape}') END AS j
    FROM checked
)
SELECT batch_index, line_number, line, all_keys, {columns} FROM taken_apart
