-- What: leads that two model versions scored, counted by the newest score that each gave.
-- Grain: a first-touch source and a pair of scores.
-- Reads: curated.scores, curated.leads.
-- Parameters: $reference, $current: the model versions.
WITH newest AS (
    SELECT
        lead_id,
        arg_max(score, scored_at) FILTER (model_version = $reference) AS reference,
        arg_max(score, scored_at) FILTER (model_version = $current) AS current
    FROM curated.scores
    WHERE model_version IN ($reference, $current)
    GROUP BY lead_id
)
SELECT source, reference, current, count(*) AS leads
FROM newest JOIN curated.leads USING (lead_id)
WHERE reference IS NOT NULL AND current IS NOT NULL
GROUP BY ALL
ORDER BY ALL
