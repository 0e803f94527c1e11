-- What: leads that converted, and the quartiles of the time from their creation to that, in seconds.
-- Grain: all of them in one row, whose period is '', and each period in which they came: one scan for both.
-- Slots, from the allow-lists of planning.py: `period` a month, week or day of creation, or the constant ''; `sets` what is
--   grouped by: the period, and with one that is no constant all leads too; `conditions` of the filters that are set.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own, such as $since.
WITH taken AS (
    SELECT DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER AS created_on,
        (epoch_us(converted_at) - epoch_us(created_at)) / 1e6 AS seconds
    FROM (FROM curated.leads {conditions})
    WHERE converted AND converted_at IS NOT NULL AND (mature OR $all_leads)
), placed AS (
    SELECT {period} AS period, seconds FROM taken
)
SELECT coalesce(period, '') AS place, count(*), quantile_cont(seconds, [0.25, 0.5, 0.75])
FROM placed
GROUP BY GROUPING SETS ({sets})
HAVING count(*) > 0
ORDER BY place
