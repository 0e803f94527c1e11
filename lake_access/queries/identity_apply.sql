-- What: carries the moves out: links to an id that gives way follow it, and the id itself becomes a link.
-- Grain: an identity.
-- Reads: moves.
INSERT INTO relinked SELECT old_id FROM moves;
UPDATE links SET lead_id = m.new_id FROM moves m WHERE links.lead_id = m.old_id;
INSERT INTO links SELECT old_id, new_id FROM moves;
