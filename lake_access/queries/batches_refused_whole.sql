-- What: raw batches that were refused whole, and why, the newest landing first.
-- Grain: a batch.
-- Parameters: $source, $batch, $reason (a part of it, in any case); NULL for all.
SELECT stream, batch_id, refused
FROM curated.batches
WHERE refused IS NOT NULL
    AND ($source::VARCHAR IS NULL OR stream = $source)
    AND ($batch::VARCHAR IS NULL OR batch_id = $batch)
    AND ($reason::VARCHAR IS NULL OR contains(lower(refused), lower($reason)))
ORDER BY landed_at DESC, stream
