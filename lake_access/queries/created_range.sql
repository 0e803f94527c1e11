-- What: the days of the oldest and the newest lead.
-- Grain: one row; NULLs where there is no lead.
-- Slots, from code alone: `table` curated.leads or a rollup, `created` when its leads were created.
SELECT min({created})::DATE, max({created})::DATE FROM {table}
