-- What: leads whose id begins with the digits that were typed: those between the lowest and the highest such id.
-- Grain: a lead.
-- Slots: none. Reads: curated.leads. Parameters: $lowest, $highest, $most: how many at most.
SELECT lead_id::VARCHAR FROM curated.leads WHERE lead_id BETWEEN $lowest::UUID AND $highest::UUID ORDER BY lead_id LIMIT $most
