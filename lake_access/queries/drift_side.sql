-- What: one side of a comparison out of the population.
-- Grain: a moment at which a lead was scored, or a score given then.
-- Slots, from code alone: `side` the table's name, `columns` of the population from an allow-list.
-- Reads: drift_population.
-- Parameters: $since, $until: the moments from the first on and before the second; $source: first-touch source; $version; NULL for any.
CREATE OR REPLACE TEMP TABLE {side} AS
SELECT {columns}
FROM drift_population
WHERE ($since IS NULL OR drift_moment >= $since) AND ($until IS NULL OR drift_moment < $until)
    AND ($source IS NULL OR drift_source = $source) AND ($version IS NULL OR drift_version = $version)
