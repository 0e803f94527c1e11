-- What: adds the scores that no event tells: those a model gave offline, of leads that there still are.
-- Grain: a score.
-- Slots, from code alone: `scan` curated.scores; `leads` curated.leads.
INSERT INTO new_scores BY NAME
SELECT * FROM {scan} WHERE mode <> 'online' AND lead_id IN (SELECT lead_id FROM {leads})
