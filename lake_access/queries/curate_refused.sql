-- What: adds the chunk's refused lines, whole, to those of the build.
-- Grain: a line.
-- Reads: typed.
INSERT INTO refused_lines
SELECT stream, batch_id, line_number, reason, refused_line, ingested_at FROM typed WHERE reason IS NOT NULL
