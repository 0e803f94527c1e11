-- What: those of a round's batches that were built before; and, empty at first, the events of batches outside of the round
--   that a batch within it owns.
-- Grain: a batch; an event.
-- Slot, from code alone: `batches` curated.batches.
-- Reads: asked_batches (key), the round's batches.
CREATE OR REPLACE TEMP TABLE replayed_batches AS
SELECT * FROM {batches} SEMI JOIN asked_batches USING (key);
CREATE OR REPLACE TEMP TABLE overtaken (stream VARCHAR, event_id VARCHAR, batch_id VARCHAR);
