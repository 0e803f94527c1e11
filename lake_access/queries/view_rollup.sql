-- What: a rollup as its readers see it: with the day from which the leads of a row are mature, and whether they are by now.
-- Grain: a row of the rollup.
-- Slots, from code alone: `name`; `columns` the rollup's; `scan` its files in the pinned snapshot; `mature_before` a date or NULL;
--   `window` days, a whole number; `condition` what a reader is limited to.
CREATE VIEW {name} AS
SELECT {columns}, created_on + {window} + 1 AS matures_on, coalesce(created_on < {mature_before}, false) AS mature
FROM {scan}
WHERE {condition}
