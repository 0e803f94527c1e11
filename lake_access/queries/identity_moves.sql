-- What: which lead ids must give way to which, so that each pair's address and key come to one lead.
-- Grain: a lead id that gives way: a key's to an address's, a greater one to a smaller one.
-- Reads: pairs, links.
CREATE OR REPLACE TEMP TABLE moves AS
WITH leads AS (
    SELECT coalesce(e.lead_id, p.email_id) AS email_lead, coalesce(k.lead_id, p.key_id) AS key_lead, k.lead_id IS NULL AS alone
    FROM pairs p
    LEFT JOIN links e ON e.identity_id = p.email_id
    LEFT JOIN links k ON k.identity_id = p.key_id
), steps AS (
    SELECT
        CASE WHEN alone OR key_lead > email_lead THEN key_lead ELSE email_lead END AS old_id,
        CASE WHEN alone OR key_lead > email_lead THEN email_lead ELSE key_lead END AS new_id
    FROM leads
    WHERE email_lead <> key_lead
)
SELECT old_id, min(new_id) AS new_id FROM steps GROUP BY old_id
