-- What: curated.quarantine as its readers see it: where a refused line is and why, not what it says, since it may hold
--   anything, an e-mail too; and only lines of batches that count as built.
-- Grain: a refused line.
-- Slots, from code alone: `scan`, `batches` the pinned snapshots.
CREATE VIEW curated.quarantine AS
SELECT * EXCLUDE (line) FROM {scan} SEMI JOIN {batches} AS built USING (stream, batch_id)
