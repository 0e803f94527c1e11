-- What: the leads of whom the events' data files tell otherwise after a change than before.
-- Grain: a lead.
-- Slots, from code alone: `added`, `removed` the data files that came and went; `columns` the events' columns.
--
-- A file is written anew for the sake of few of its rows. All others stand in it as they stood in the one before, and the hashes
-- of such a pair cancel each other.
CREATE OR REPLACE TEMP TABLE changed_leads AS
WITH told AS (
    SELECT lead_id, hash({columns}) AS row_hash FROM {added}
    UNION ALL
    SELECT lead_id, hash({columns}) FROM {removed}
)
SELECT lead_id FROM told GROUP BY lead_id HAVING bit_xor(row_hash) <> 0
