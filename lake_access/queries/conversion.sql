-- What: leads that count, how many of them converted, and how many leads are too young to count.
-- Grain: a combination of the asked dimensions.
-- Slots, from the allow-list in conversion.py: `dimensions` one column each, `grouping` over them.
-- Parameters: $since, $until: days of creation, both included, or NULL; $sources: first-touch sources, empty for all;
--   $all_leads: count the young ones too; $band0, $edge0, …: the bands and their lowest scores.
SELECT
    {dimensions}count(*) FILTER (mature OR $all_leads) AS leads,
    count(*) FILTER (converted AND (mature OR $all_leads)) AS conversions,
    count(*) FILTER (NOT mature) AS immature
FROM curated.leads
WHERE ($since::DATE IS NULL OR created_at >= $since::DATE)
    AND ($until::DATE IS NULL OR created_at < $until::DATE + 1)
    AND (len($sources::VARCHAR[]) = 0 OR list_contains($sources::VARCHAR[], coalesce(source, 'unknown')))
{grouping}
