-- What: the moments at which leads were scored, or last seen where they never were, with the score that was given then (the
--   newest model version's, where several gave one) and, of mature leads, whether they converted.
-- Grain: a lead and a moment.
-- Slot, from an allow-list: `features` the columns of the features.
-- Reads: curated.scores, features.lead_features, curated.leads.
-- Parameters: $since, $until: moments from the first on and before the second, NULL for any.
CREATE OR REPLACE TEMP TABLE drift_population AS
WITH scored AS (
    SELECT
        lead_id, scored_at,
        arg_max(model_version, (try_cast(model_version AS BIGINT), model_version)) AS model_version,
        arg_max(score, (try_cast(model_version AS BIGINT), model_version)) AS score
    FROM curated.scores
    WHERE ($since IS NULL OR scored_at >= $since) AND ($until IS NULL OR scored_at < $until)
    GROUP BY lead_id, scored_at
)
SELECT
    {features}s.score,
    CASE WHEN l.mature THEN l.converted END AS converted,
    f.lead_id AS drift_lead, f.as_of AS drift_moment, s.model_version AS drift_version, l.source AS drift_source, l.mature AS drift_mature
FROM features.lead_features AS f
LEFT JOIN scored AS s ON s.lead_id = f.lead_id AND s.scored_at = f.as_of
LEFT JOIN curated.leads AS l ON l.lead_id = f.lead_id
WHERE ($since IS NULL OR f.as_of >= $since) AND ($until IS NULL OR f.as_of < $until)
