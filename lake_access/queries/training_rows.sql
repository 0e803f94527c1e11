-- What: the leads to learn from with their features as of their moments, in an order that does not depend on threads; those
--   whose moment is not in the table of features have `has_row` false.
-- Grain: a lead.
-- Reads: training_moments, features.lead_features.
-- Slot, from the declarations' checked names: `features` the columns of features.
SELECT m.lead_id::VARCHAR AS lead_id, m.as_of, m.source, m.converted, f.lead_id IS NOT NULL AS has_row, {features}
FROM training_moments m LEFT JOIN features.lead_features f ON f.lead_id = m.lead_id AND f.as_of = m.as_of
WHERE m.reason = 'used'
ORDER BY m.as_of, m.lead_id
