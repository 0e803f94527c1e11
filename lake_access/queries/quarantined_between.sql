-- What: how many lines were quarantined, and how many read, of the batches that landed in a period.
-- Grain: one row.
-- Reads: curated.batches.
-- Parameters: $since, $until: moments from the first on and before the second; $stream: one stream, NULL for all.
SELECT coalesce(sum(quarantined), 0)::BIGINT, coalesce(sum(read), 0)::BIGINT
FROM curated.batches
WHERE landed_at >= $since AND landed_at < $until AND ($stream IS NULL OR stream = $stream)
