-- What: the parsed lines with typed values, each with the first reason to refuse it, or none.
-- Grain: a line that is not blank.
-- Reads: parsed; batches (batch_index, batch_id, landed_at, history).
-- Slots, compiled from the declarations: `typed` the typed columns; `known` how many declared keys a line has;
--   `reasons` the checks of the declared fields; `source` the event's source; `engagement`, `intent` its points;
--   `fields` the typed columns; `patch` the declared keys of its type, for removal.
-- Parameters: the limits, choices and names that the declarations state, as $p0, $p1, …; $stream; $rules_version.
--
-- One step a CTE, since an expression that stands in two branches of a CASE would be computed twice.
CREATE OR REPLACE TEMP TABLE typed AS
WITH texts AS (
    SELECT p.*, b.batch_id, b.landed_at, b.history,
        nullif(json_text(event_id_json), '') AS event_id,
        json_text(event_type_json) AS event_type,
        json_text(email_json) AS email_text,
        json_text(lead_key_json) AS lead_key_text,
        json_text(timestamp_json) AS timestamp_text,
        {typed}
    FROM parsed p JOIN batches b USING (batch_index)
), cast_values AS (
    SELECT *,
        normal_email(email_text) AS email,
        nfc_normalize(trim(lead_key_text)) AS lead_key,
        rfc3339(timestamp_text) AS occurred_at
    FROM texts
), counted AS (
    SELECT *, {known} AS known_keys, len(keys) AS all_keys FROM cast_values
), judged AS (
    SELECT *,
        CASE
            WHEN fault IS NOT NULL THEN fault
            WHEN all_keys > known_keys AND list_unique(keys) < all_keys THEN 'a key stands twice'
            -- Of a declared field the type is checked below; elsewhere DuckDB's parser lets NaN and the like pass.
            WHEN all_keys > known_keys AND might_be_lax(line) AND json_fault(line) IS NOT NULL THEN json_fault(line)
            WHEN event_type IS NULL THEN 'event_type: ' || CASE WHEN event_type_json IS NULL THEN 'missing' ELSE 'not a text' END
            WHEN event_type NOT IN {event_types} THEN 'event_type: unknown in this stream'
            WHEN timestamp_json IS NULL OR timestamp_json = 'null' THEN 'timestamp: missing'
            WHEN occurred_at IS NULL THEN 'timestamp: not a date and time with a zone, as RFC 3339 has it'
            WHEN occurred_at < TIMESTAMPTZ '2000-01-01 00:00:00Z' THEN 'timestamp: before the year 2000'
            WHEN occurred_at > landed_at + INTERVAL 1 DAY THEN 'timestamp: more than a day after it landed'
            WHEN event_id_json <> 'null' AND (event_id IS NULL OR event_id = '' OR strlen(event_id) > 200)
                THEN 'event_id: not a text of 1 to 200 bytes'
            WHEN email_json <> 'null' AND email IS NULL THEN 'email: not a text'
            WHEN email IS NOT NULL AND NOT is_email(email) THEN 'email: not a possible address'
            WHEN contains(lead_key_text, chr(0)) THEN 'lead_key: holds a NUL character'
            WHEN lead_key_json <> 'null' AND (lead_key IS NULL OR lead_key = '' OR strlen(lead_key) > 200)
                THEN 'lead_key: not a text of 1 to 200 bytes'
            WHEN email IS NULL AND lead_key IS NULL THEN 'no identity: neither email nor lead_key'
            {reasons}
        END AS reason
    FROM counted
), told_apart AS (
    SELECT *,
        CASE WHEN reason IS NULL THEN coalesce(event_id, sha256(line)) END AS known_id,
        CASE WHEN reason IS NULL AND email IS NOT NULL THEN identity_digest('email', email) END AS email_digest,
        CASE WHEN reason IS NULL AND lead_key IS NOT NULL THEN identity_digest('lead_key', lead_key) END AS key_digest
    FROM judged
)
SELECT
    batch_index, line_number, reason,
    CASE WHEN reason IS NOT NULL THEN encode(line) END AS refused_line,
    md5_number($stream || chr(31) || known_id) AS event_key,
    event_id IS NOT NULL AS has_own_id,
    email, lead_key,
    identity_uuid(email_digest) AS email_id,
    identity_uuid(key_digest) AS key_id,
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
