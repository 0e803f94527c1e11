-- What: the lead of one identity, told by its keyed hash.
-- Grain: one row; none where nobody has this identity.
-- Slot, from code alone: `scan` curated.identities. Parameters: $identity_id.
SELECT lead_id::VARCHAR FROM {scan} WHERE identity_id = $identity_id::UUID AND kind = 'email'
