-- What: leads that came in some weeks (from Monday on, UTC), by the first score that one model version gave them; young ones too.
-- Grain: a week, as the number of weeks since Monday 1970-01-05, and a score.
-- Slots, from the allow-lists of planning.py: `conditions` of the filters that are set; they hold the weeks' days.
-- Reads: curated.leads, curated.scores. Parameters: $version, $mode; of each filter that is set its own.
WITH kept AS (
    SELECT lead_id, epoch_us(created_at) // 86400000000 AS day FROM curated.leads
    {conditions}
), firsts AS (
    SELECT lead_id, min(epoch_us(scored_at) * 128 + score) AS first
    FROM curated.scores
    WHERE score BETWEEN 0 AND 100 AND model_version = $version AND mode = $mode AND lead_id IN (SELECT lead_id FROM kept)
    GROUP BY lead_id
)
SELECT ((day - 4) // 7)::INTEGER AS week, (first % 128)::INTEGER AS score, count(*) AS leads
FROM firsts JOIN kept USING (lead_id)
GROUP BY ALL
