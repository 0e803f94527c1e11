-- What: adds the new events of a chunk to `new_events`, each under the lead that its identity belongs to by now.
-- Grain: an event.
-- Reads: typed, copies; links (identity_id, lead_id), the identities that belong to another one's lead.
-- Slot, from the declarations' checked names: `columns` of curated.events but for lead_id.
INSERT INTO new_events BY NAME
SELECT {columns}, coalesce(l.lead_id, t.email_id, t.key_id) AS lead_id
FROM typed t
LEFT JOIN links l ON l.identity_id = coalesce(t.email_id, t.key_id)
WHERE t.reason IS NULL AND t.rowid NOT IN (SELECT place FROM copies)
