-- What: leads by their day of creation (UTC) and by the first of the asked ages within which they converted.
-- Grain: a day and an age, NULL for those that converted later or not.
-- Slots, from code alone: `table` curated.leads or the rollup; `leads` its measure; `created_on`, `age` its own or made from its
--   moments; `conditions` of the filters that are set, by planning.py.
-- Reads: curated.leads, or marts.leads_by_age.
-- Parameters: of each filter that is set its own, such as $since.
SELECT {created_on} AS created_on, {age} AS converted_by, {leads}::BIGINT AS leads
FROM {table}
{conditions}
GROUP BY ALL
