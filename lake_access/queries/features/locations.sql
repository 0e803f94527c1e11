-- What: the location that a lead showed last, and the share of other leads there that converted, of those with an outcome
--   known before the moment; smoothed towards the share over all locations, which alone counts for a lead without one.
-- Grain: a moment.
-- Reads: moments, arrivals; known_outcomes (lead_id, location, known_at, outcomes, conversions).
-- Parameters: $prior_leads: how many leads the share over all locations weighs as much as.
--
--   rate = (conversions there + prior_leads × conversions / outcomes) / (outcomes there + prior_leads)
WITH news AS (
    SELECT
        lead_id, as_of,
        arg_max(location, position) FILTER (location IS NOT NULL) AS location,
        max(position) FILTER (location IS NOT NULL) AS position
    FROM arrivals
    WHERE is_touch
    GROUP BY lead_id, as_of
), located AS (
    SELECT lead_id, as_of, arg_max(location, position) OVER so_far AS location
    FROM moments LEFT JOIN news USING (lead_id, as_of)
    WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
), asked AS (
    SELECT min(as_of) AS first, max(as_of) AS last FROM moments
), told AS (
    -- All that was known before the first moment is one sum: of years of outcomes, the news of a day sorts few.
    SELECT lead_id, location, outcomes, conversions, CASE WHEN known_at < first THEN '-infinity' ELSE known_at END AS known_at
    FROM known_outcomes, asked
    WHERE known_at < last
), everywhere AS (
    SELECT known_at, sum(sum(outcomes)) OVER so_far AS outcomes, sum(sum(conversions)) OVER so_far AS conversions
    FROM told
    GROUP BY known_at
    WINDOW so_far AS (ORDER BY known_at)
), there AS (
    SELECT location, known_at, sum(sum(outcomes)) OVER so_far AS outcomes, sum(sum(conversions)) OVER so_far AS conversions
    FROM told
    WHERE location IS NOT NULL
    GROUP BY location, known_at
    WINDOW so_far AS (PARTITION BY location ORDER BY known_at)
), own AS (
    SELECT lead_id, location, known_at, sum(outcomes) OVER so_far AS outcomes, sum(conversions) OVER so_far AS conversions
    FROM told SEMI JOIN moments USING (lead_id)
    WINDOW so_far AS (PARTITION BY lead_id ORDER BY known_at)
), counted AS (
    -- Strictly before the moment: an outcome that a CRM dates with its contact is not known at the contact.
    SELECT
        l.lead_id, l.as_of, l.location,
        e.outcomes - coalesce(o.outcomes, 0) AS outcomes,
        e.conversions - coalesce(o.conversions, 0) AS conversions,
        coalesce(t.outcomes, 0) - CASE WHEN o.location = l.location THEN o.outcomes ELSE 0 END AS outcomes_there,
        coalesce(t.conversions, 0) - CASE WHEN o.location = l.location THEN o.conversions ELSE 0 END AS conversions_there
    FROM located l
    ASOF LEFT JOIN everywhere e ON l.as_of > e.known_at
    ASOF LEFT JOIN there t ON l.location = t.location AND l.as_of > t.known_at
    ASOF LEFT JOIN own o ON l.lead_id = o.lead_id AND l.as_of > o.known_at
)
SELECT
    lead_id, as_of, location,
    (conversions_there::DOUBLE + $prior_leads * (conversions::DOUBLE / nullif(outcomes, 0)::DOUBLE))
        / (outcomes_there::DOUBLE + $prior_leads) AS location_conversion_rate
FROM counted
