-- What: the known outcomes as the events tell them, without the table that a build keeps of them.
-- Grain: as features.known_outcomes.
-- Reads: new_outcomes.
CREATE OR REPLACE TEMP VIEW known_outcomes AS FROM new_outcomes
