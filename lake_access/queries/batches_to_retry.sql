-- What: the batches that hold such quarantined lines, and those refused whole for such a reason.
-- Grain: a batch, by its key.
-- Slots, from code alone: `batches`, `quarantine` the pinned snapshots.
-- Parameters: $source, $batch, $reason (a part of it, in any case); NULL for all.
SELECT key
FROM {batches} AS b
WHERE ($source::VARCHAR IS NULL OR stream = $source)
    AND ($batch::VARCHAR IS NULL OR batch_id = $batch)
    AND (
        refused IS NOT NULL AND ($reason::VARCHAR IS NULL OR contains(lower(refused), lower($reason)))
        OR EXISTS (
            SELECT 1
            FROM {quarantine} AS q
            WHERE q.stream = b.stream AND q.batch_id = b.batch_id
                AND ($reason::VARCHAR IS NULL OR contains(lower(q.reason), lower($reason)))
        )
    )
