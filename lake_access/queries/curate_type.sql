-- What: the parsed lines with typed values, each with the first reason to refuse it, or none.
-- Grain: a line that is not blank.
-- Reads: parsed, addresses, crm_keys; batches (batch_index, batch_id, landed_at, latest_at, history), where `latest_at` is the
--   latest moment that an event of the batch may have.
-- Slots, compiled from the declarations: `typed` the typed columns; `known` how many declared keys a line
--   has; `reasons` the checks of the declared fields; `source` the event's source; `engagement`, `intent` its points;
--   `fields` the typed columns; `patch` the declared keys of its type, for removal.
-- Parameters: the limits, choices and names that the declarations state, as $p0, $p1, …; $stream; $rules_version.
--
-- One step a CTE, since an expression that stands in two branches of a CASE would be computed twice.
CREATE OR REPLACE TABLE typed AS
WITH texts AS (
    SELECT p.*, b.batch_id, b.landed_at, b.latest_at, b.history,
        a.email_id, a.email_fault, k.key_id, k.lead_key_fault,
        nullif(json_text(event_id_json), '') AS event_id,
        json_text(event_type_json) AS event_type,
        rfc3339(json_text(timestamp_json)) AS occurred_at,
        {typed}
    FROM parsed p
    JOIN batches b USING (batch_index)
    LEFT JOIN addresses a USING (email_json)
    LEFT JOIN crm_keys k USING (lead_key_json)
), counted AS (
    SELECT *, {known} AS known_keys FROM texts
), judged AS (
    SELECT *,
        CASE
            WHEN all_keys IS NULL THEN 'not valid JSON'
            WHEN all_keys = 0 AND NOT regexp_matches(line, '^\s*\{{') THEN 'not a JSON object'
            -- DuckDB's parser forgives a comma too many.
            WHEN regexp_matches(line, ',\s*\}}\s*$') THEN 'not valid JSON'
            WHEN all_keys > known_keys AND list_unique(json_keys(line)) < all_keys THEN 'a key stands twice'
            -- Of a declared field the type is checked below; elsewhere DuckDB's parser lets NaN and the like pass.
            WHEN all_keys > known_keys AND might_be_lax(line) AND json_fault(line) IS NOT NULL THEN json_fault(line)
            WHEN event_type IS NULL THEN 'event_type: ' || CASE WHEN event_type_json IS NULL THEN 'missing' ELSE 'not a text' END
            WHEN event_type NOT IN {event_types} THEN 'event_type: unknown in this stream'
            WHEN timestamp_json IS NULL OR timestamp_json = 'null' THEN 'timestamp: missing'
            WHEN occurred_at IS NULL THEN 'timestamp: not a date and time with a zone, as RFC 3339 has it'
            WHEN occurred_at < TIMESTAMPTZ '2000-01-01 00:00:00Z' THEN 'timestamp: before the year 2000'
            WHEN occurred_at > latest_at THEN 'timestamp: more than a day after it landed'
            WHEN event_id_json <> 'null' AND (event_id IS NULL OR strlen(event_id) > 200)
                THEN 'event_id: not a text of 1 to 200 bytes'
            WHEN email_fault IS NOT NULL THEN email_fault
            WHEN lead_key_fault IS NOT NULL THEN lead_key_fault
            WHEN email_id IS NULL AND key_id IS NULL THEN 'no identity: neither email nor lead_key'
            {reasons}
        END AS reason
    FROM counted
), told_apart AS (
    SELECT *, CASE WHEN reason IS NULL THEN coalesce(event_id, sha256(line)) END AS known_id FROM judged
)
SELECT
    batch_index, line_number, reason,
    CASE WHEN reason IS NOT NULL THEN encode(line) END AS refused_line,
    md5_number($stream || chr(31) || known_id) AS event_key,
    event_id IS NOT NULL AS has_own_id,
    email_id, key_id,
    known_id AS event_id,
    {source} AS source,
    $stream AS stream,
    event_type, occurred_at,
    landed_at AS ingested_at,
    history,
    batch_id,
    {engagement} AS engagement_points,
    {intent} AS intent_points,
    $rules_version AS rules_version,
    {fields},
    CASE WHEN reason IS NULL AND all_keys > known_keys THEN nullif(json_merge_patch(line, {patch})::VARCHAR, '{{}}') END AS attributes
FROM told_apart
