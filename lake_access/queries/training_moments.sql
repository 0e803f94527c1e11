-- What: the moment at which each lead is learnt from, and what became of it by what was known at a time: the first moment at
--   which it was scored, or, of a lead that was not, the moment from which its newest touch was known.
-- Grain: a lead.
-- Reads: curated.leads, curated.events.
-- Parameters: $touches, $scores, $outcomes: the streams of each kind; $known_by: what was not known by then does not count;
--   $mature_before: the first moment whose outcome window was still open by then; $window_us: the window in microseconds.
CREATE OR REPLACE TEMP TABLE training_moments AS
WITH told AS (
    SELECT
        lead_id, occurred_at, stream IN $touches AS is_touch, stream IN $scores AS is_score,
        stream IN $outcomes AND converted AS is_conversion,
        CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END AS known_at
    FROM curated.events
    WHERE stream IN $touches OR stream IN $scores OR stream IN $outcomes
), gathered AS (
    SELECT
        lead_id,
        coalesce(min(occurred_at) FILTER (is_score), max(known_at) FILTER (is_touch)) AS as_of,
        min(occurred_at) FILTER (is_conversion) AS first_conversion_at,
        bool_or(is_touch) AS has_touch
    FROM told
    WHERE known_at <= $known_by::TIMESTAMPTZ
    GROUP BY lead_id
)
SELECT
    lead_id, source, as_of,
    CASE
        WHEN as_of IS NULL AND has_touch IS NULL THEN 'not_known_yet'
        WHEN as_of IS NULL THEN 'no_moment'
        WHEN NOT has_touch THEN 'no_features'
        WHEN as_of >= $mature_before::TIMESTAMPTZ THEN 'immature'
        WHEN first_conversion_at < as_of THEN 'converted_before'
        ELSE 'used'
    END AS reason,
    coalesce(epoch_us(first_conversion_at) - epoch_us(as_of) <= $window_us, false) AS converted
FROM curated.leads LEFT JOIN gathered USING (lead_id)
