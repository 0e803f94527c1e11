-- What: the moments at which a lead was scored; of a lead that never was, the moment from which its newest touch is known.
-- Grain: a lead and a moment.
-- Reads: known_events.
-- Parameters: $touches, $scores: the streams of each kind.
CREATE OR REPLACE TEMP TABLE moments AS
WITH told AS (
    SELECT lead_id, occurred_at, known_at, stream IN $scores AS is_score
    FROM known_events
    WHERE stream IN $scores OR stream IN $touches
), scored AS (
    SELECT DISTINCT lead_id, occurred_at AS as_of FROM told WHERE is_score
)
SELECT lead_id, as_of FROM scored
UNION ALL
SELECT lead_id, max(known_at) FROM told ANTI JOIN scored USING (lead_id) GROUP BY lead_id
