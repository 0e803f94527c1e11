-- What: the raw batches that a build has consumed, by their keys.
-- Grain: a batch.
-- Slot, from code alone: `batches` curated.batches, by name or as a scan.
SELECT key FROM {batches}
