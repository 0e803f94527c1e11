-- What: how many leads are behind a number.
-- Grain: one row.
-- Slots, from the allow-lists of planning.py: `conditions` of the filters that are set.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own.
SELECT count(*) FROM curated.leads
{conditions}
