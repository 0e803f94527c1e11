-- What: how many lines builds have read.
-- Grain: one row.
SELECT coalesce(sum(read), 0)::BIGINT AS lines FROM curated.batches
