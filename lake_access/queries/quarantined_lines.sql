-- What: where refused lines are and why, the newest landing first.
-- Grain: a refused line.
-- Slots, from code alone: `scan` curated.quarantine, pinned; `line` the line itself or NULL.
-- Parameters: $source, $batch, $reason (a part of it, in any case), NULL for all; $limit, NULL for no limit.
SELECT stream, batch_id, line_number, reason, seen_at, {line} AS line
FROM {scan} AS q
WHERE ($source::VARCHAR IS NULL OR stream = $source)
    AND ($batch::VARCHAR IS NULL OR batch_id = $batch)
    AND ($reason::VARCHAR IS NULL OR contains(lower(reason), lower($reason)))
ORDER BY seen_at DESC, batch_id DESC, stream, line_number
LIMIT $limit
