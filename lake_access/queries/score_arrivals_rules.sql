-- What: leads that came in some weeks (from Monday on, UTC), by their rule-based final score; young ones too.
-- Grain: a week, as the number of weeks since Monday 1970-01-05, and a score.
-- Slots, from the allow-lists of planning.py: `conditions` of the filters that are set; they hold the weeks' days.
-- Reads: curated.leads. Parameters: of each filter that is set its own.
WITH by_day AS (
    SELECT epoch_us(created_at) // 86400000000 AS day, final_score AS score, count(*) AS leads
    FROM curated.leads
    {conditions}
    GROUP BY ALL
)
SELECT ((day - 4) // 7)::INTEGER AS week, score, sum(leads)::BIGINT AS leads FROM by_day WHERE score IS NOT NULL GROUP BY ALL
