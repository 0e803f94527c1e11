-- What: batches outside of the round some of whose events became duplicates, with their counts as they are now.
-- Grain: a batch.
-- Slot, from code alone: `batches` curated.batches.
-- Reads: overtaken.
CREATE OR REPLACE TABLE recounted_batches AS
SELECT b.* REPLACE (b.curated - o.events AS curated, b.duplicates + o.events AS duplicates)
FROM {batches} AS b
JOIN (SELECT stream, batch_id, count(*) AS events FROM overtaken GROUP BY ALL) AS o USING (stream, batch_id)
