-- What: the months (UTC) that some rows fall into.
-- Grain: a month, as its first moment and the next month's.
-- Slots, from code alone: `column` a moment; `rows` a temporary table.
--
-- By microseconds: on moments with a zone DuckDB asks its calendar for each, which takes five times as long.
SELECT month, month + INTERVAL 1 MONTH
FROM (SELECT DISTINCT date_trunc('month', make_timestamp(epoch_us({column}))) AS month FROM {rows})
ORDER BY month
