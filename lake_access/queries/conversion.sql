-- What: leads that count, how many of them converted, and how many leads are too young to count.
-- Grain: a combination of the asked dimensions.
-- Slots, from the allow-lists of planning.py: `table` curated.leads or a rollup, `keys` what its rows are counted by, `leads` and
--   `conversions` its measures, `conditions` of the filters that are set; `dimensions` the keys by name, `grouping` over them.
-- Parameters: $all_leads: count the young ones too; of each filter that is set its own, such as $since; for the leads' bands
--   $band0, $edge0, …: their names and lowest scores.
WITH counted AS (
    SELECT {keys}mature, {leads} AS leads, {conversions} AS conversions
    FROM {table}
    {conditions}
    GROUP BY ALL
)
SELECT
    {dimensions}coalesce(sum(leads) FILTER (mature OR $all_leads), 0)::BIGINT AS leads,
    coalesce(sum(conversions) FILTER (mature OR $all_leads), 0)::BIGINT AS conversions,
    coalesce(sum(leads) FILTER (NOT mature), 0)::BIGINT AS immature
FROM counted
{grouping}
