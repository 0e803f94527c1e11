-- What: leads that converted, and the quartiles of the time from their creation to that, in seconds.
-- Grain: a period in which leads came, or one row in all.
-- Slots, from the allow-lists of planning.py: `period` a month, week or day of creation, or a constant; `conditions` of the
--   filters that are set.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own, such as $since.
WITH taken AS (
    SELECT DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER AS created_on,
        (epoch_us(converted_at) - epoch_us(created_at)) / 1e6 AS seconds
    FROM (FROM curated.leads {conditions})
    WHERE converted AND converted_at IS NOT NULL AND (mature OR $all_leads)
)
SELECT {period} AS period, count(*), quantile_cont(seconds, [0.25, 0.5, 0.75])
FROM taken
GROUP BY ALL
HAVING count(*) > 0
ORDER BY period
