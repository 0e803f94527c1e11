-- What: the lines of a chunk taken apart: is it JSON, which keys has it, each known key's value as JSON text.
-- Grain: a line that is not blank.
-- Reads: lines (batch_index, line_number, line).
-- Slots, all from the declarations' checked names: `shape` the known keys, for json_transform; `columns` one column a key.
CREATE OR REPLACE TEMP VIEW parsed AS
WITH checked AS (
    SELECT *,
        CASE
            WHEN NOT json_valid(line) THEN 'not valid JSON'
            WHEN NOT (starts_with(line, '{{') OR regexp_matches(line, '^\s*\{{')) THEN 'not a JSON object'
            -- DuckDB's parser forgives a comma too many.
            WHEN regexp_matches(line, ',\s*\}}\s*$') THEN 'not valid JSON'
        END AS fault
    FROM lines
    WHERE starts_with(line, '{{') OR regexp_matches(line, '\S')
), taken_apart AS (
    SELECT *,
        CASE WHEN fault IS NULL THEN json_transform(line, '{shape}') END AS j,
        CASE WHEN fault IS NULL THEN json_keys(line) END AS keys
    FROM checked
)
SELECT batch_index, line_number, line, fault, keys, {columns} FROM taken_apart
