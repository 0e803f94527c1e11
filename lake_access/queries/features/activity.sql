-- What: what a lead did so far, all in all: how many touches, how long ago, from which source first, points by the rules.
-- Grain: a moment.
-- Reads: moments, arrivals.
WITH news AS (
    SELECT
        lead_id, as_of,
        count(*) FILTER (is_touch) AS touches,
        min(occurred_at) FILTER (is_touch) AS first_at,
        max(occurred_at) FILTER (is_touch) AS last_at,
        arg_min(source, position) FILTER (is_touch) AS source,
        min(position) FILTER (is_touch) AS position,
        sum(engagement_points) AS engagement_points,
        sum(intent_points) AS intent_points
    FROM arrivals
    GROUP BY lead_id, as_of
)
SELECT
    lead_id, as_of,
    coalesce(sum(touches) OVER so_far, 0)::BIGINT AS past_event_count,
    (epoch_us(as_of) - epoch_us(min(first_at) OVER so_far)) / 86_400e6 AS days_since_first_touch,
    (epoch_us(as_of) - epoch_us(max(last_at) OVER so_far)) / 86_400e6 AS days_since_last_touch,
    arg_min(source, position) OVER so_far AS first_source,
    -- NULL, not 0, where no rule has looked at any of its events.
    (sum(engagement_points) OVER so_far)::BIGINT AS engagement_points,
    (sum(intent_points) OVER so_far)::BIGINT AS intent_points
FROM moments LEFT JOIN news USING (lead_id, as_of)
WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
