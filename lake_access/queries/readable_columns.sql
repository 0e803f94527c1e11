-- What: the tables that a reader finds, with their columns in order.
-- Grain: a column of a table.
-- Reads: information_schema.columns.
SELECT table_schema || '.' || table_name AS "table", column_name AS "column", data_type AS "type"
FROM information_schema.columns
WHERE table_schema IN ('curated', 'features', 'marts')
ORDER BY table_schema, table_name, ordinal_position
