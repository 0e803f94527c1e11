-- What: the months or years (UTC) that some rows fall into, and what they have there in a column that keeps them apart.
-- Grain: a month or year and such a value: the period's first moment, the next one's, and the value.
-- Slots, from code alone: `unit` month or year; `column` a moment or day; `apart` a column or NULL; `rows` a table.
--
-- By microseconds: on moments with a zone DuckDB asks its calendar for each, which takes five times as long.
SELECT first, first + INTERVAL 1 {unit}, value
FROM (SELECT DISTINCT date_trunc('{unit}', make_timestamp(epoch_us({column}))) AS first, {apart} AS value FROM {rows})
ORDER BY ALL
