-- What: adds the addresses and CRM keys that the chunk brings, as its lines write them, to `addresses` and `crm_keys`: each in
--   its one form, with its id, or with the reason to refuse a line that has it.
-- Grain: a way of writing an address; a way of writing a key. Each is judged and hashed once a build.
-- Reads: lines (line).
CREATE OR REPLACE TEMP TABLE written AS
SELECT DISTINCT j.email::VARCHAR AS email_json, j.lead_key::VARCHAR AS lead_key_json
FROM (
    SELECT CASE WHEN json_valid(line) THEN json_transform(line, '{"email": "JSON", "lead_key": "JSON"}') END AS j FROM lines
);

INSERT INTO addresses
WITH met AS (
    SELECT DISTINCT email_json FROM written WHERE email_json IS NOT NULL AND email_json <> 'null'
), read AS (
    SELECT email_json, normal_email(json_text(email_json)) AS email FROM met ANTI JOIN addresses USING (email_json)
), judged AS (
    SELECT *,
        CASE
            WHEN email IS NULL THEN 'email: not a text'
            WHEN NOT is_email(email) THEN 'email: not a possible address'
        END AS email_fault
    FROM read
)
SELECT email_json, email, CASE WHEN email_fault IS NULL THEN identity_id('email', email) END AS email_id, email_fault FROM judged;

INSERT INTO crm_keys
WITH met AS (
    SELECT DISTINCT lead_key_json FROM written WHERE lead_key_json IS NOT NULL AND lead_key_json <> 'null'
), read AS (
    SELECT lead_key_json, json_text(lead_key_json) AS lead_key_text, normal_key(json_text(lead_key_json)) AS lead_key
    FROM met ANTI JOIN crm_keys USING (lead_key_json)
), judged AS (
    SELECT *,
        CASE
            -- The normal form ends before one.
            WHEN contains(lead_key_text, chr(0)) THEN 'lead_key: holds a NUL character'
            WHEN lead_key IS NULL OR lead_key = '' OR strlen(lead_key) > 200 THEN 'lead_key: not a text of 1 to 200 bytes'
        END AS lead_key_fault
    FROM read
)
SELECT lead_key_json, lead_key, CASE WHEN lead_key_fault IS NULL THEN identity_id('lead_key', lead_key) END AS key_id, lead_key_fault
FROM judged
