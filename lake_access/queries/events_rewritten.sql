-- What: the events of some data files as the round leaves them: under their leads of now, and of those stored before without
--   the ones of batches that it replays and those that it has overtaken.
-- Grain: an event.
-- Slots, from code alone: `fresh` the files written in this round, `stored` those of earlier ones.
-- Reads: links (identity_id, lead_id), replayed_batches, overtaken.
CREATE OR REPLACE TABLE rewritten_events AS
SELECT e.* REPLACE (coalesce(l.lead_id, e.lead_id) AS lead_id)
FROM (
    SELECT * FROM {fresh}
    UNION ALL BY NAME
    SELECT * FROM {stored}
    ANTI JOIN replayed_batches USING (stream, batch_id)
    ANTI JOIN overtaken USING (stream, event_id)
) AS e
LEFT JOIN links AS l ON l.identity_id = e.lead_id
