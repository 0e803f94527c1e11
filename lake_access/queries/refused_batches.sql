-- What: raw batches that were refused whole, and why, but for those whose content has landed again since.
-- Grain: a batch.
SELECT key, refused
FROM curated.batches AS gone
WHERE refused IS NOT NULL
    AND NOT EXISTS (
        FROM curated.batches AS again
        WHERE again.refused IS NULL AND again.stream = gone.stream AND again.landed_at > gone.landed_at
            -- A batch's name ends with the first digits of its content's hash.
            AND split_part(again.batch_id, '-', 2) = split_part(gone.batch_id, '-', 2)
    )
ORDER BY landed_at DESC
