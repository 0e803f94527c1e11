-- What: leads by their rule-based final score, as it is by now, and how many of them converted.
-- Grain: a score (NULL: no rule has looked at the lead) and whether its leads are mature.
-- Slots, from the allow-lists of planning.py: `conditions` of the filters that are set.
-- Reads: curated.leads. Parameters: of each filter that is set its own.
SELECT
    NULL AS version, NULL AS mode, final_score AS score, mature, false AS late, count(*) AS leads,
    count(*) FILTER (converted) AS conversions, 0 AS newest
FROM curated.leads
{conditions}
GROUP BY ALL
