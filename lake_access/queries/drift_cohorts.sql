-- What: leads by the week (from Monday, UTC) of the first score that a model version gave them, and by that score: how many,
--   how many of them are mature, and how many of the mature converted. Leads that had converted before that score tell
--   nothing of it, and are left out.
-- Grain: a model version, a week and a score.
-- Reads: curated.scores, curated.leads.
-- Parameters: $version: the model version, NULL for each; $source: first-touch source, NULL for any.
WITH first_scores AS (
    SELECT lead_id, model_version, min(scored_at) AS scored_at, arg_min(score, scored_at) AS score
    FROM curated.scores
    WHERE $version IS NULL OR model_version = $version
    GROUP BY lead_id, model_version
)
SELECT
    f.model_version, date_trunc('week', f.scored_at AT TIME ZONE 'UTC')::DATE AS week, f.score,
    count(*) AS leads, count(*) FILTER (mature) AS mature, count(*) FILTER (mature AND l.converted) AS conversions
FROM first_scores AS f JOIN curated.leads AS l USING (lead_id)
WHERE ($source IS NULL OR l.source = $source) AND NOT coalesce(l.converted_at < f.scored_at, false)
GROUP BY ALL
ORDER BY ALL
