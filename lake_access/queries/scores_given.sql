-- What: offline scores as rows of curated.scores, without those that stand there already, of leads that there still are.
-- Grain: a score.
-- Reads: given (lead_id, score, scored_at).
-- Slot, from code alone: `scan` curated.scores; `leads` curated.leads.
-- Parameters: $version, $now.
CREATE OR REPLACE TABLE new_scores AS
SELECT
    g.lead_id::UUID AS lead_id, $version::VARCHAR AS model_version, g.score::INTEGER AS score, g.scored_at::TIMESTAMPTZ AS scored_at,
    'offline' AS mode, NULL::VARCHAR AS stream, NULL::VARCHAR AS event_id, $now::TIMESTAMPTZ AS ingested_at, false AS history
FROM given g
SEMI JOIN {leads} l ON l.lead_id = g.lead_id::UUID
ANTI JOIN (SELECT lead_id, scored_at FROM {scan} WHERE mode = 'offline' AND model_version = $version) s
    ON s.lead_id = g.lead_id::UUID AND s.scored_at = g.scored_at::TIMESTAMPTZ
