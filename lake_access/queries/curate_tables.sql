-- What: what the chunks of a build add up to; empty at first.
-- Grain: seen, the key of an event of this build; refused_lines, a line for curated.quarantine.
CREATE OR REPLACE TEMP TABLE seen (event_key UHUGEINT);
CREATE OR REPLACE TABLE refused_lines (
    stream VARCHAR, batch_id VARCHAR, line_number BIGINT, reason VARCHAR, line BLOB, seen_at TIMESTAMPTZ
);
