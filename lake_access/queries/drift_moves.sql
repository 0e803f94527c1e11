-- What: the leads whose scores by two model versions are furthest apart, the newest score of each.
-- Grain: a lead that both scored.
-- Reads: curated.scores, curated.leads.
-- Parameters: $reference, $current: the model versions; $most: no more leads than that.
WITH newest AS (
    SELECT
        lead_id,
        arg_max(score, scored_at) FILTER (model_version = $reference) AS reference,
        arg_max(score, scored_at) FILTER (model_version = $current) AS current
    FROM curated.scores
    WHERE model_version IN ($reference, $current)
    GROUP BY lead_id
)
SELECT lead_id::VARCHAR AS lead_id, source, reference, current
FROM newest JOIN curated.leads USING (lead_id)
WHERE reference IS NOT NULL AND current IS NOT NULL
ORDER BY abs(current - reference) DESC, lead_id
LIMIT $most
