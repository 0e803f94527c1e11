-- What: raw batches that were refused whole, and why.
-- Grain: a batch.
SELECT key, refused FROM curated.batches WHERE refused IS NOT NULL ORDER BY landed_at DESC
