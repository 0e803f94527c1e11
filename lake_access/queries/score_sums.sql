-- What: leads with a final score, the sum of their scores and of the scores' squares.
-- Grain: a period in which leads came, or one row in all.
-- Slots, from code alone: `table` curated.leads or a rollup; `scored`, `score_sum`, `square_sum` its measures; `created_on` its
--   day; `period` a month, week or day of creation, or a constant; `conditions` of the filters that are set, by planning.py.
-- Reads: curated.leads, or a rollup.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own, such as $since.
WITH counted AS (
    SELECT {created_on} AS created_on, {scored} AS scored, {score_sum} AS score_sum, {square_sum} AS square_sum
    FROM (FROM {table} {conditions})
    WHERE mature OR $all_leads
    GROUP BY ALL
)
SELECT {period} AS period, sum(scored)::BIGINT, sum(score_sum)::BIGINT, sum(square_sum)::BIGINT
FROM counted
GROUP BY ALL
HAVING sum(scored) > 0
ORDER BY period
