-- What: the model versions of which the lake holds a score, online or offline.
-- Grain: a version.
-- Reads: curated.scores.
SELECT DISTINCT model_version FROM curated.scores WHERE model_version IS NOT NULL ORDER BY model_version
