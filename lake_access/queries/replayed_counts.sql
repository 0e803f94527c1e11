-- What: what became of those of a round's batches that were built before.
-- Grain: a batch.
-- Reads: replayed_batches.
SELECT key, read, curated, duplicates, quarantined, refused FROM replayed_batches
