-- What: leads made up for the benchmark, of one month: their columns as different from each other as a real lake's.
-- Grain: a lead.
-- Slots: none. Parameters: $first, $following: the numbers of the first lead and of the one after the last;
--   $begins, $ends: the month; $month: its place among the months; $settled: the day whose outcomes are all known.
CREATE OR REPLACE TABLE made_leads AS
WITH drawn AS (
    SELECT
        number,
        hash(number, 'when') % 1000000 / 1e6 AS moment,
        hash(number, 'source') % 1000000 / 1e6 AS source,
        hash(number, 'again') % 1000000 / 1e6 AS again,
        (hash(number, 'engagement') % 1000000 + hash(number, 'intent') % 1000000) / 2e6 AS warmth,
        hash(number, 'place') % 1000000 / 1e6 AS place,
        hash(number, 'device') % 1000000 / 1e6 AS device,
        hash(number, 'campaign') % 1000000 / 1e6 AS campaign,
        hash(number, 'model') % 1000000 / 1e6 AS model,
        hash(number, 'sales') % 1000000 / 1e6 AS sales,
        hash(number, 'outcome') % 1000000 / 1e6 AS outcome
    FROM range($first, $following) AS numbers (number)
), told AS (
    SELECT *,
        $begins::TIMESTAMPTZ + to_seconds(moment * epoch($ends::TIMESTAMPTZ - $begins::TIMESTAMPTZ)) AS created_at,
        ['roadshow', 'webinar', 'online', 'crm'][1 + (source > 0.2)::INTEGER + (source > 0.45)::INTEGER + (source > 0.85)::INTEGER]
            AS first_source,
        floor(warmth * 101)::INTEGER AS final_score
    FROM drawn
), settled AS (
    SELECT *, outcome < 1 / (1 + exp(4 - 0.05 * final_score - (first_source = 'roadshow')::INTEGER * 0.7)) AS converts
    FROM told
)
SELECT
    md5(number::VARCHAR)::UUID AS lead_id,
    first_source AS source,
    CASE WHEN again < 0.3 THEN ['roadshow', 'webinar', 'online', 'crm'][1 + floor(again / 0.3 * 4)::INTEGER] ELSE first_source END
        AS last_source,
    created_at,
    created_at + to_hours(floor(again * 600)::INTEGER) AS last_event_at,
    1 + floor(sales * 11)::BIGINT AS events,
    least(final_score, 50) AS engagement_score,
    final_score - least(final_score, 50) AS intent_score,
    final_score,
    '2025-01' AS rules_version,
    least(1 + $month // 6 + (model > 0.8)::INTEGER, 4)::VARCHAR AS model_version,
    least(100, greatest(0, final_score + floor(model * 20)::INTEGER - 10)) AS model_score,
    created_at + to_minutes(5) AS first_scored_at,
    CASE WHEN place > 0.03 THEN format('Location {:02d}', floor(pow(place, 2) * 60)::INTEGER) END AS location,
    CASE WHEN device > 0.03 THEN format('Device {:02d}', floor(device * 12)::INTEGER) END AS device_model,
    CASE WHEN campaign > 0.3 THEN format('Campaign {:02d}', floor((campaign - 0.3) / 0.7 * 20)::INTEGER) END AS campaign,
    floor(sales * 6)::BIGINT AS sales_actions,
    CASE WHEN sales >= 1 / 6 THEN created_at + to_hours(30) END AS first_action_at,
    converts AND created_at + to_days(20) < $settled::TIMESTAMPTZ AS converted,
    CASE WHEN converts AND created_at + to_days(20) < $settled::TIMESTAMPTZ THEN created_at + to_days(20) END AS converted_at,
    CASE WHEN converts AND created_at + to_days(20) < $settled::TIMESTAMPTZ THEN 100 + floor(again * 900) END AS outcome_value,
    CASE WHEN sales >= 1 / 6 THEN ['call', 'email', 'meeting', 'quote'][1 + (model * 4)::INTEGER % 4] END AS first_action
FROM settled
