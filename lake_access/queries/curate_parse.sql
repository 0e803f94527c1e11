-- What: the lines of a chunk taken apart: is it JSON, which keys has it, each known key's value as JSON text.
-- Grain: a line that is not blank.
-- Reads: lines (batch_index, line_number, line).
-- Slots, all from the declarations' checked names: `shape` the known keys, for json_transform; `columns` one column a key.
CREATE OR REPLACE TEMP VIEW parsed AS
WITH trimmed AS (
    SELECT batch_index, line_number, regexp_replace(line, '^\s+|\s+$', '', 'g') AS line FROM lines
), checked AS (
    -- DuckDB's parser forgives NaN, infinities and a comma too many; a line that could hold one is read again, strictly.
    SELECT *,
        CASE
            WHEN NOT json_valid(line) THEN 'not valid JSON'
            WHEN NOT starts_with(line, '{{') THEN 'not a JSON object'
            WHEN regexp_matches(line, '[nN][aA][nN]|[iI][nN][fF]|,\s*[}}\]]') THEN json_fault(line)
        END AS fault
    FROM trimmed
    WHERE line <> ''
), taken_apart AS (
    SELECT *,
        CASE WHEN fault IS NULL THEN json_transform(line, '{shape}') END AS j,
        CASE WHEN fault IS NULL THEN json_keys(line) END AS keys
    FROM checked
)
SELECT batch_index, line_number, line, fault, keys, {columns} FROM taken_apart
