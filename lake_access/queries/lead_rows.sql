-- What: the leads behind a number, the newest first.
-- Grain: a lead.
-- Slots, from the allow-lists of planning.py: `band` which band a lead is of, `conditions` of the filters that are set,
--   `limit` empty or LIMIT $limit.
-- Reads: curated.leads.
-- Parameters: $all_leads: count young leads too; of each filter that is set its own; $band0, $edge0, …: the bands; $limit.
SELECT
    lead_id::VARCHAR AS lead_id,
    source,
    last_source,
    {band} AS band,
    final_score,
    model_score,
    model_version,
    created_at,
    sales_actions,
    first_action,
    converted,
    converted_at,
    outcome_value,
    location,
    device_model,
    campaign,
    mature
FROM curated.leads
{conditions}
ORDER BY created_at DESC, lead_id
{limit}
