-- What: the sound lines that repeat an event: one in the lake, in this build, or earlier in the chunk.
-- Grain: a line, by its place in `typed`.
-- Reads: typed; seen (event_key), the keys of events already in the lake or in this build.
CREATE OR REPLACE TEMP TABLE copies AS
SELECT place, batch_index FROM (
    SELECT
        rowid AS place, batch_index, event_key,
        row_number() OVER (PARTITION BY event_key ORDER BY batch_index, line_number) AS copy
    FROM typed
    WHERE reason IS NULL
)
WHERE copy > 1 OR event_key IN (SELECT event_key FROM seen)
