-- What: leads counted by their day of creation (UTC) and a few dimensions.
-- Grain: a day and a combination of the dimensions that has leads.
-- Slots, from code alone: `name` the rollup; `dimensions` of rollup_definitions.py; `scan` the leads that changed, or all.
-- Parameters: $band0, $edge0, …: the bands and their lowest scores.
SELECT
    '{name}' AS rollup,
    -- Whole days since 1970; a cast would ask for the time zone's calendar, lead by lead, and take five times as long.
    DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER AS created_on,
    {dimensions},
    count(*) AS leads,
    count(*) FILTER (converted) AS conversions,
    count(*) FILTER (sales_actions > 0) AS contacted_leads,
    count(final_score) AS scored_leads,
    coalesce(sum(final_score), 0)::BIGINT AS final_score_sum,
    coalesce(sum(final_score * final_score), 0)::BIGINT AS final_score_square_sum,
    count(model_score) AS model_scored_leads,
    coalesce(sum(model_score), 0)::BIGINT AS model_score_sum
FROM {scan}
GROUP BY ALL
