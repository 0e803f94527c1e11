-- What: everything that names the lead to which one identity belongs.
-- Grain: an identity.
-- Slot, from code alone: `scan` curated.identities.
-- Parameters: $identity the identity's id.
SELECT kind, identity, lead_id
FROM {scan}
WHERE lead_id IN (SELECT lead_id FROM {scan} WHERE identity_id = $identity::UUID)
