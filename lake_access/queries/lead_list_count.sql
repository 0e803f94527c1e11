-- What: how many leads the list has, and how many young ones its filters would let in besides.
-- Grain: one row.
-- Slots, from allow-lists: `conditions` of planning.py and lead_list.py.
-- Reads: curated.leads. Parameters: $all_leads; of each filter that is set its own,
--   among them $rules_from and $model_from, the lowest scores.
SELECT count(*) FILTER (mature OR $all_leads) AS leads, count(*) FILTER (NOT mature) AS young
FROM curated.leads
{conditions}
