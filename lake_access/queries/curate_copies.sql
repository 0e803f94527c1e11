-- What: the sound lines that repeat an event: one in the lake, in this build, or earlier in the chunk.
-- Grain: a line, by its place in the chunk.
-- Reads: typed, seen (event_key), the keys of events already in the lake or in this build.
CREATE OR REPLACE TEMP TABLE copies AS
WITH sound AS (
    SELECT rowid AS place, batch_index, line_number, event_key FROM typed WHERE reason IS NULL
), repeated AS (
    SELECT event_key FROM sound GROUP BY event_key HAVING count(*) > 1
), later AS (
    SELECT place, row_number() OVER (PARTITION BY event_key ORDER BY batch_index, line_number) AS copy
    FROM sound SEMI JOIN repeated USING (event_key)
)
SELECT place FROM later WHERE copy > 1
UNION
SELECT place FROM sound SEMI JOIN seen USING (event_key)
