-- What: the functions that the curating queries share. No rows.
-- Variables of the connection: inner_pad, outer_pad (the identity key, padded as HMAC has it).
-- Python functions of the connection: json_fault(line), fold_unicode(text).

-- A JSON value as text, if it is a text: of all that JSON text can begin with, only a quotation mark comes before '#'.
CREATE OR REPLACE TEMP MACRO json_text(v) AS
    CASE WHEN v < '#' THEN json_extract_string(v, '$') END;

CREATE OR REPLACE TEMP MACRO json_integer(v) AS
    TRY_CAST(CASE WHEN regexp_full_match(v, '-?[0-9]+') THEN v END AS BIGINT);

CREATE OR REPLACE TEMP MACRO json_number(v) AS
    CASE WHEN v >= '#' AND isfinite(TRY_CAST(v AS DOUBLE)) THEN TRY_CAST(v AS DOUBLE) END;

CREATE OR REPLACE TEMP MACRO json_boolean(v) AS
    CASE v WHEN 'true' THEN true WHEN 'false' THEN false END;

-- Whether a line may hold what DuckDB's parser lets pass: NaN, infinities, a comma too many, an object within the object
-- that has a key twice, or more levels than its functions have stack for (each takes two bytes).
CREATE OR REPLACE TEMP MACRO might_be_lax(line) AS
    regexp_matches(line, '[nN][aA][nN]|[iI][nN][fF]|,\s*[}\]]|.\{') OR strlen(line) > 1000;

-- RFC 3339: a date, a time, and a zone.
CREATE OR REPLACE TEMP MACRO rfc3339(t) AS
    TRY_CAST(CASE
        WHEN regexp_full_match(t, '\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)')
            THEN upper(t)
    END AS TIMESTAMPTZ);

-- A moment as the date and time that UTC has then: DuckDB's functions on moments with a zone ask its calendar for each.
CREATE OR REPLACE TEMP MACRO utc(moment) AS
    make_timestamp(epoch_us(moment));

-- One form for one address: no spaces around it, small letters, Unicode's compatibility form.
CREATE OR REPLACE TEMP MACRO normal_email(e) AS
    CASE
        WHEN strlen(e) <> length(e) THEN fold_unicode(e)
        WHEN regexp_matches(e, '\s') THEN lower(trim(e, E' \t\r\n'))
        ELSE lower(e)
    END;

CREATE OR REPLACE TEMP MACRO is_email(e) AS
    strlen(e) <= 254 AND regexp_full_match(e,
        '[^\x00-\x20\x7f@"(),:;<>\[\]\\.]+(\.[^\x00-\x20\x7f@"(),:;<>\[\]\\.]+)*'
        || '@([\pL\pN]([\pL\pN\pM-]*[\pL\pN\pM])?\.)+[\pL\pN]([\pL\pN\pM-]*[\pL\pN\pM])?')
    AND strlen(split_part(e, '@', 1)) <= 64
    -- No label of a domain is longer than 63 characters, and the last one is no number.
    AND NOT regexp_matches(split_part(e, '@', 2), '[^.]{64}|\.[0-9]+$');

-- A CRM key without the blanks around it, in one Unicode form.
CREATE OR REPLACE TEMP MACRO normal_key(k) AS
    nfc_normalize(regexp_replace(k, '^[\s\pZ]+|[\s\pZ]+$', '', 'g'));

-- The first 128 bits of the HMAC-SHA256 (RFC 2104) of `kind:identity`.
CREATE OR REPLACE TEMP MACRO identity_id(kind, identity) AS
    left(sha256(
        getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(kind || ':' || identity)))
    ), 32)::UUID;
