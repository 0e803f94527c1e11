-- What: the device model that most of a lead's touches showed so far; of two that as many showed, the one shown last.
-- Grain: a moment.
-- Reads: moments, arrivals.
WITH news AS (
    SELECT lead_id, as_of, device_model, count(*) AS touches, max(position) AS position
    FROM arrivals
    WHERE is_touch AND device_model IS NOT NULL
    GROUP BY lead_id, as_of, device_model
), standings AS (
    -- A model's count only grows: the greatest one of any moment so far is the greatest one now.
    SELECT lead_id, as_of, device_model, {{touches: sum(touches) OVER of_model, position: max(position) OVER of_model}} AS standing
    FROM news
    WINDOW of_model AS (PARTITION BY lead_id, device_model ORDER BY as_of)
), ahead AS (
    SELECT lead_id, as_of, arg_max(device_model, standing) AS device_model, max(standing) AS standing
    FROM standings
    GROUP BY lead_id, as_of
)
SELECT lead_id, as_of, arg_max(device_model, standing) OVER so_far AS device_model_interest
FROM moments LEFT JOIN ahead USING (lead_id, as_of)
WINDOW so_far AS (PARTITION BY lead_id ORDER BY as_of)
