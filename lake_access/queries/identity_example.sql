-- What: one identity and its id, whichever.
-- Grain: one row; none where no identity is known.
-- Slot, from code alone: `scan` curated.identities.
SELECT kind, identity, identity_id FROM {scan} LIMIT 1
