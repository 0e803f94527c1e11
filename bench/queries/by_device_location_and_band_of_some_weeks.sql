SELECT
    coalesce(device_model, 'unknown') AS device,
    coalesce(location, 'unknown') AS location,
    CASE WHEN final_score >= 70 THEN 'hot' WHEN final_score >= 40 THEN 'warm' WHEN final_score >= 0 THEN 'cold' ELSE 'unscored' END AS band,
    count(*) AS leads,
    count(*) FILTER (converted) AS conversions,
    count(*) FILTER (created_at >= '2025-11-02') AS immature
FROM read_parquet('{leads}')
WHERE created_at >= '2025-09-10' AND created_at < '2025-12-06' AND source IN ('roadshow', 'crm')
GROUP BY 1, 2, 3
