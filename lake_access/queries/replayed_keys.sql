-- What: those of a round's batches that were built before, and why they were refused whole, if they were.
-- Grain: a batch.
-- Reads: replayed_batches.
SELECT key, refused FROM replayed_batches
