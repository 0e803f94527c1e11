-- What: the raw batches that were built, the newest landing first.
-- Grain: a raw batch.
-- Reads: curated.batches.
-- Parameters: $stream or NULL for all; $limit how many.
SELECT
    landed_at, stream, batch_id, history, "read" AS lines_read, curated, duplicates, quarantined, refused, built_at
FROM curated.batches
WHERE $stream IS NULL OR stream = $stream
ORDER BY landed_at DESC, batch_id DESC
LIMIT $limit
