-- What: the links known so far: identities that belong to another one's lead.
-- Grain: an identity.
-- Slot, from code alone: `scan` curated.identities.
INSERT INTO links SELECT identity_id, lead_id FROM {scan} WHERE lead_id <> identity_id
