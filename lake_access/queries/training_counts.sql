-- What: how many leads are learnt from, and how many are left out for which reason.
-- Grain: a reason.
-- Reads: training_moments.
SELECT reason, count(*) FROM training_moments GROUP BY reason ORDER BY reason
