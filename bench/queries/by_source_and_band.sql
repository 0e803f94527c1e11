SELECT
    coalesce(source, 'unknown') AS source,
    CASE WHEN final_score >= 70 THEN 'hot' WHEN final_score >= 40 THEN 'warm' WHEN final_score >= 0 THEN 'cold' ELSE 'unscored' END AS band,
    count(*) FILTER (created_at < '2025-11-02') AS leads,
    count(*) FILTER (converted AND created_at < '2025-11-02') AS conversions,
    count(*) FILTER (created_at >= '2025-11-02') AS immature
FROM read_parquet('{leads}')
GROUP BY 1, 2
