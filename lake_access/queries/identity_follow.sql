-- What: where a link leads to an id that has itself given way, lead it one step further.
-- Grain: an identity. Repeated until nothing changes; each step goes to a smaller id, so it ends.
UPDATE links SET lead_id = further.lead_id FROM links further WHERE links.lead_id = further.identity_id
