-- What: a line of the round that is refused now and was not when its batch was built before; one is enough.
-- Grain: a line.
-- Slot, from code alone: `quarantine` curated.quarantine, as it was before the round.
-- Reads: refused_lines, replayed_batches.
SELECT stream, batch_id, line_number
FROM refused_lines
SEMI JOIN (SELECT * FROM replayed_batches WHERE refused IS NULL) AS sound USING (stream, batch_id)
ANTI JOIN {quarantine} AS kept USING (stream, batch_id, line_number)
LIMIT 1
