-- What: the features as a caller gets them: in an order that does not depend on threads, ids as text.
-- Grain: a moment.
-- Reads: new_features.
SELECT * REPLACE (lead_id::VARCHAR AS lead_id) FROM new_features ORDER BY as_of, lead_id
