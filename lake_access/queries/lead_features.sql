-- What: the features of a lead as of a moment, all groups side by side.
-- Grain: a moment.
-- Slots, from code alone: `columns` the features; `groups` a join for each group, whose query gives a row for each moment.
-- Reads: moments, and what the groups read. Parameters: those of the groups.
CREATE OR REPLACE TABLE new_features AS
SELECT lead_id, as_of, {columns}
FROM moments
{groups}
