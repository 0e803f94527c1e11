-- What: curated.leads as its readers see it: with the day from which a lead is mature, and whether it is by now.
--   A lead of day d counts from the first day after d + the outcome window; "now" is when the newest batch landed.
-- Grain: a lead.
-- Slots, from code alone: `scan` the pinned snapshot; `today` the day of now, a date; `window` days, a whole number.
--
-- A moment is held against the moment at which the last mature day ends: the day of each lead takes many times as long.
CREATE VIEW curated.leads AS
SELECT *, created_at::DATE + {window} + 1 AS matures_on, coalesce(created_at < ({today} - {window})::TIMESTAMPTZ, false) AS mature
FROM {scan}
