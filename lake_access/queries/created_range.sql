-- What: the days of the oldest and the newest lead.
-- Grain: one row; NULLs where there is no lead.
SELECT min(created_at)::DATE, max(created_at)::DATE FROM curated.leads
