-- What: adds the scores that no event tells: those a model gave offline.
-- Grain: a score.
-- Slot, from code alone: `scan` curated.scores.
INSERT INTO new_scores BY NAME SELECT * FROM {scan} WHERE mode <> 'online'
