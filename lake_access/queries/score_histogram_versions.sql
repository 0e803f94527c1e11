-- What: leads by the first score that a model version gave them, and how many of them converted; `late` are those that had
--   converted before that version first scored them; `newest` orders the rows by when the newest of their scores was given.
-- Grain: a model version, a mode, a score, whether its leads are mature, and whether it came late.
-- Slots, from the allow-lists of planning.py: `conditions` of the filters that are set; from code alone: `narrowed` to the
--   scores of the leads that these leave in, which halves the work where they are few and adds to it where they are all.
-- Reads: curated.leads, curated.scores. Parameters: of each filter that is set its own.
WITH kept AS (
    SELECT lead_id, mature, converted, converted_at FROM curated.leads
    {conditions}
), firsts AS (
    -- Moment and score in one number: grouping finds the first of them in half the time that `arg_min` takes. Of two scores
    -- at the same microsecond the lower one counts.
    SELECT lead_id, model_version AS version, mode, min(epoch_us(scored_at) * 128 + score) AS first
    FROM curated.scores
    WHERE score BETWEEN 0 AND 100 {narrowed}
    GROUP BY ALL
)
SELECT
    version, mode, (first % 128)::INTEGER AS score, mature, coalesce(first // 128 > epoch_us(converted_at), false) AS late,
    count(*) AS leads, count(*) FILTER (converted) AS conversions, max(first) AS newest
FROM firsts JOIN kept USING (lead_id)
GROUP BY ALL
