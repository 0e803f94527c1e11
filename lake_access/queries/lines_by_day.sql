-- What: how many lines landed and how many of them were refused.
-- Grain: a day of landing (UTC) and a stream.
-- Reads: curated.batches.
SELECT
    DATE '1970-01-01' + (epoch_us(landed_at) // 86400000000)::INTEGER AS landed_on,
    stream,
    sum("read")::BIGINT AS lines_read,
    sum(quarantined)::BIGINT AS quarantined
FROM curated.batches
GROUP BY ALL
ORDER BY landed_on, stream
