-- What: what each build made of the raw batches that it took in.
-- Grain: a build: batches that were built at the same moment; the newest first.
-- Reads: curated.batches.
-- Parameters: $limit how many.
SELECT
    built_at,
    count(*)::BIGINT AS batches,
    sum("read")::BIGINT AS lines_read,
    sum(curated)::BIGINT AS curated,
    sum(duplicates)::BIGINT AS duplicates,
    sum(quarantined)::BIGINT AS quarantined,
    count(refused)::BIGINT AS batches_refused
FROM curated.batches
GROUP BY built_at
ORDER BY built_at DESC
LIMIT $limit
