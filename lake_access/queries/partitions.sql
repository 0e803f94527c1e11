-- What: the months or years (UTC) that some rows fall into.
-- Grain: a month or year, as its first moment and the next one's.
-- Slots, from code alone: `unit` month or year; `column` a moment or day; `rows` a temporary table.
SELECT first, first + INTERVAL 1 {unit} FROM (SELECT DISTINCT date_trunc('{unit}', {column}) AS first FROM {rows}) ORDER BY first
