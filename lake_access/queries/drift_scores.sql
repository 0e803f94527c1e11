-- What: the scores of model versions, with what was known of the lead then and, of mature leads, whether it converted.
-- Grain: a score.
-- Slot, from an allow-list: `features` the columns of the features.
-- Reads: curated.scores, features.lead_features, curated.leads.
-- Parameters: $versions: model versions; $since, $until: moments from the first on and before the second, NULL for any.
CREATE OR REPLACE TEMP TABLE drift_population AS
WITH scored AS (
    SELECT lead_id, model_version, score, scored_at
    FROM curated.scores
    WHERE list_contains($versions, model_version)
        AND ($since IS NULL OR scored_at >= $since) AND ($until IS NULL OR scored_at < $until)
)
SELECT
    {features}s.score,
    CASE WHEN l.mature THEN l.converted END AS converted,
    s.lead_id AS drift_lead, s.scored_at AS drift_moment, s.model_version AS drift_version, l.source AS drift_source, l.mature AS drift_mature
FROM scored AS s
ASOF LEFT JOIN features.lead_features AS f ON s.lead_id = f.lead_id AND s.scored_at >= f.as_of
LEFT JOIN curated.leads AS l ON s.lead_id = l.lead_id
