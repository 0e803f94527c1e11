-- What: what a model version saw of leads, seven columns; `moved` is by how much it is another than its reference.
-- Grain: a lead.
-- Parameters: $rows, $moved.
SELECT
    20 + 20 * (hash(range, 1, $moved) % 1000003) / 1000003 + 5 * $moved AS avg_webinar_time,
    0.3 * ((hash(range, 2, $moved) % 1000033) / 1000033) * ((hash(range, 3, $moved) % 1000037) / 1000037)
        AS location_conversion_rate,
    floor(-3 * ln(1 - (hash(range, 4, $moved) % 100003) / 100003.0))::BIGINT AS past_event_count,
    (101 * pow((hash(range, 5, $moved) % 100019) / 100019.0, 2 + $moved))::BIGINT AS score,
    ['Aero 1', 'Aero 2', 'Pro', 'Mini', 'Max', 'Edge'][1 + (hash(range, 6, $moved) % 6)::BIGINT] AS device_model_interest,
    ['roadshow', 'webinar', 'online'][1 + (hash(range, 7, $moved) % 3)::BIGINT] AS first_source,
    hash(range, 8, $moved) % 1000 < 120 + 200 * $moved AS converted
FROM range($rows)
