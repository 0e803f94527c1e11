-- What: leads with a final score, the sum of their scores and of the scores' squares.
-- Grain: a period in which leads came, or one row in all.
-- Slots, from the allow-lists of planning.py: `period` a month, week or day of creation, or a constant; `conditions` of the
--   filters that are set.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own, such as $since.
WITH counted AS (
    SELECT DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER AS created_on,
        count(final_score) AS scored,
        coalesce(sum(final_score), 0) AS score_sum,
        coalesce(sum(final_score * final_score), 0) AS square_sum
    FROM (FROM curated.leads {conditions})
    WHERE mature OR $all_leads
    GROUP BY ALL
)
SELECT {period} AS period, sum(scored)::BIGINT, sum(score_sum)::BIGINT, sum(square_sum)::BIGINT
FROM counted
GROUP BY ALL
HAVING sum(scored) > 0
ORDER BY period
