-- What: what became of the lines of a chunk.
-- Grain: a batch of the chunk.
-- Reads: typed, copies.
SELECT
    t.batch_index,
    count(*) AS read,
    count(*) FILTER (t.reason IS NOT NULL) AS quarantined,
    coalesce(any_value(c.duplicates), 0) AS duplicates
FROM typed t
LEFT JOIN (SELECT batch_index, count(*) AS duplicates FROM copies GROUP BY batch_index) c USING (batch_index)
GROUP BY t.batch_index
