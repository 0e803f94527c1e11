-- What: how many refused lines there are.
-- Grain: one row.
-- Slot, from code alone: `scan` curated.quarantine, pinned.
-- Parameters: $source, $batch, $reason (a part of it, in any case); NULL for all.
SELECT count(*)
FROM {scan} AS q
WHERE ($source::VARCHAR IS NULL OR stream = $source)
    AND ($batch::VARCHAR IS NULL OR batch_id = $batch)
    AND ($reason::VARCHAR IS NULL OR contains(lower(reason), lower($reason)))
