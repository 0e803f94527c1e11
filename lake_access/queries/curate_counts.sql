-- What: what became of the lines of a chunk.
-- Grain: a batch of the chunk.
-- Reads: typed, copies.
SELECT batch_index, count(*) AS read, count(reason) AS quarantined, count(place) AS duplicates
FROM typed LEFT JOIN copies ON place = typed.rowid
GROUP BY batch_index
