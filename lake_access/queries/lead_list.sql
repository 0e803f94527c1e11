-- What: leads under filters, in an order of the reader's choice; of two that are equal in it, by their ids.
-- Grain: a lead.
-- Slots, from allow-lists: `conditions` of planning.py and lead_list.py; `columns`; `order` a column of lead_list.SORTS and its
--   direction; `cut` LIMIT and OFFSET, or nothing.
-- Reads: curated.leads. Parameters: $all_leads: young ones too; of each filter that is set its own,
--   among them $rules_from and $model_from, the lowest scores.
SELECT {columns}
FROM curated.leads
{conditions}
ORDER BY {order} NULLS LAST, lead_id
{cut}
