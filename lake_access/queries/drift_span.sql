-- What: from when to when the population's moments lie.
-- Grain: one row.
-- Reads: drift_population.
SELECT min(drift_moment), max(drift_moment) FROM drift_population
