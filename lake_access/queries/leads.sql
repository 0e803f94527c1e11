-- What: leads as the events tell them.
-- Grain: a lead that an event speaks of.
-- Slots, from code alone: `into` how new_leads begins or grows; `events` curated.events, or all events of some leads.
-- Parameters: $touches, $scores, $sales, $outcomes: the streams of each kind; $engagement_max, $intent_max.
{into}
WITH told AS (
    SELECT *,
        stream IN $touches AS is_touch,
        stream IN $scores AS is_score,
        stream IN $sales AS is_action,
        stream IN $outcomes AND converted AS is_conversion,
        -- The order of a lead's events: by time, and where two have the same time by their ids, which a stream has once.
        -- As the bytes that sort so, made once: of a struct every aggregate makes them anew.
        create_sort_key(occurred_at, 'ASC NULLS LAST', event_id, 'ASC NULLS LAST', stream, 'ASC NULLS LAST') AS position
    FROM {events}
), gathered AS (
    SELECT
        lead_id,
        arg_min(source, position) FILTER (is_touch) AS source,
        arg_max(source, position) FILTER (is_touch) AS last_source,
        coalesce(min(occurred_at) FILTER (is_touch), min(occurred_at)) AS created_at,
        max(occurred_at) AS last_event_at,
        count(*) AS events,
        -- NULL, not 0, where no rule has looked at any of its events.
        CASE WHEN count(engagement_points) > 0 THEN least(greatest(sum(engagement_points), 0), $engagement_max)::INTEGER END
            AS engagement_score,
        CASE WHEN count(intent_points) > 0 THEN least(greatest(sum(intent_points), 0), $intent_max)::INTEGER END AS intent_score,
        arg_max(rules_version, position) FILTER (engagement_points IS NOT NULL) AS rules_version,
        arg_max(model_version, position) FILTER (is_score) AS model_version,
        (arg_max(score, position) FILTER (is_score))::INTEGER AS model_score,
        min(occurred_at) FILTER (is_score) AS first_scored_at,
        arg_max(location, position) FILTER (is_touch AND location IS NOT NULL) AS location,
        arg_max(device_model, position) FILTER (is_touch AND device_model IS NOT NULL) AS device_model,
        arg_max(campaign, position) FILTER (is_touch AND campaign IS NOT NULL) AS campaign,
        count(*) FILTER (is_action) AS sales_actions,
        min(occurred_at) FILTER (is_action) AS first_action_at,
        coalesce(bool_or(is_conversion), false) AS converted,
        min(occurred_at) FILTER (is_conversion) AS converted_at,
        arg_max(value, position) FILTER (is_conversion) AS outcome_value,
        arg_min(action, position) FILTER (is_action) AS first_action
    FROM told
    GROUP BY lead_id
)
SELECT *, engagement_score + intent_score AS final_score FROM gathered
