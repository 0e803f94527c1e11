SELECT
    coalesce(location, 'unknown') AS location,
    count(*) FILTER (created_at < '2025-11-02') AS leads,
    count(*) FILTER (converted AND created_at < '2025-11-02') AS conversions,
    count(*) FILTER (created_at >= '2025-11-02') AS immature
FROM read_parquet('{leads}')
WHERE created_at >= '2025-03-10' AND source IN ('webinar', 'online')
GROUP BY 1
