-- What: the known outcomes as the events tell them, without the table that a build keeps of them: what was known of them
--   between two moments that are asked for is one sum. An outcome counts strictly before a moment, so that it may as well
--   have been known at the last moment asked for that is not after it, or ever since where there is none. Whose it is
--   matters for the leads that are asked for alone: theirs is never counted for them.
-- Grain: as features.known_outcomes of the leads that are asked for; of all others a location and a moment that is asked for.
-- Reads: new_outcomes, moments.
CREATE OR REPLACE TEMP TABLE known_outcomes AS
WITH asked AS (
    SELECT DISTINCT as_of FROM moments
), leads AS (
    SELECT DISTINCT lead_id AS asked_lead FROM moments
)
SELECT
    asked_lead AS lead_id, location, coalesce(as_of, '-infinity') AS known_at,
    sum(outcomes) AS outcomes, sum(conversions) AS conversions
FROM new_outcomes LEFT JOIN leads ON lead_id = asked_lead ASOF LEFT JOIN asked ON known_at >= as_of
GROUP BY ALL
