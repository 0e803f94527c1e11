-- What: the model versions that scored leads, the one that scored first before the others, and how many scores each gave.
-- Grain: a model version.
-- Reads: curated.scores.
SELECT model_version, count(*) AS scores
FROM curated.scores
WHERE model_version IS NOT NULL
GROUP BY model_version
ORDER BY min(scored_at), model_version
