-- What: the first and the last day (UTC) of which features are known.
-- Grain: one row.
-- Reads: features.lead_features.
SELECT (min(as_of) AT TIME ZONE 'UTC')::DATE AS first, (max(as_of) AT TIME ZONE 'UTC')::DATE AS last FROM features.lead_features
