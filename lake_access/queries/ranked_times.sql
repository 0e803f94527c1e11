-- What: the times to convert of two groups of leads, ranked together: what a Mann-Whitney test takes.
-- Grain: one row: the converted leads of each group, the U of the first (pairs in which its lead took longer, ties
--   as half a pair), and the sum of n³ - n over groups of equal times.
-- Slots, from the allow-lists of planning.py: `first`, `second` conditions of either group, with parameters of their own.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own, in the second group with `earlier_`.
WITH told AS (
    SELECT true AS is_first, * FROM curated.leads {first}
    UNION ALL
    SELECT false AS is_first, * FROM curated.leads {second}
), counted AS (
    SELECT epoch_us(converted_at) - epoch_us(created_at) AS taken,
        count(*) FILTER (is_first) AS here,
        count(*) FILTER (NOT is_first) AS there
    FROM told
    WHERE converted AND converted_at IS NOT NULL AND (mature OR $all_leads)
    GROUP BY taken
), ranked AS (
    SELECT *, sum(there) OVER (ORDER BY taken) - there AS quicker FROM counted
)
SELECT
    coalesce(sum(here), 0)::BIGINT,
    coalesce(sum(there), 0)::BIGINT,
    coalesce(sum(here * (quicker + there / 2)), 0)::DOUBLE,
    coalesce(sum((here + there)::DOUBLE ** 3 - (here + there)), 0)::DOUBLE
FROM ranked
