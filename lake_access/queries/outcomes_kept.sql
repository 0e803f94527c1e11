-- What: the known outcomes as a build keeps them.
-- Grain: as features.known_outcomes.
-- Slot, from code alone: `scan` features.known_outcomes.
CREATE OR REPLACE TEMP VIEW known_outcomes AS FROM {scan}
