-- What: curated.leads as its readers see it: with the day from which a lead is mature, and whether it is by now.
--   A lead of day d counts from the first day after d + the outcome window; "now" is when the newest batch landed.
-- Grain: a lead.
-- Slots, from code alone: `mature`, `open`, `young` the pinned snapshot's files by their months of creation: those whose leads
--   are all mature, the one in which some are, and those without any; so that the others' days are not even read.
--   `mature_before` the first moment of the first day that is not mature; `window` days, a whole number; `condition` what a reader is limited to.
CREATE VIEW curated.leads AS
WITH told AS (
    SELECT *, true AS mature FROM {mature}
    UNION ALL SELECT *, created_at < {mature_before} AS mature FROM {open}
    UNION ALL SELECT *, false AS mature FROM {young}
)
SELECT
    * EXCLUDE (mature),
    -- Whole days since 1970; a cast would ask for the time zone's calendar, lead by lead, and take five times as long.
    DATE '1970-01-01' + (epoch_us(created_at) // 86400000000)::INTEGER + {window} + 1 AS matures_on,
    mature
FROM told
WHERE {condition}
