-- What: the identities that this build has met, their links, and the lead ids that a link has replaced; empty at first. And
--   each way in which its lines write an address or a key, as JSON has it.
-- Grain: an identity in each; a way of writing one in `addresses` and `crm_keys`.
CREATE OR REPLACE TEMP TABLE identities (identity_id UUID, kind VARCHAR, identity VARCHAR);
CREATE OR REPLACE TABLE links (identity_id UUID, lead_id UUID);
CREATE OR REPLACE TEMP TABLE relinked (identity_id UUID);
CREATE OR REPLACE TEMP TABLE pairs (email_id UUID, key_id UUID);
CREATE OR REPLACE TEMP TABLE addresses (email_json VARCHAR, email VARCHAR, email_id UUID, email_fault VARCHAR);
CREATE OR REPLACE TEMP TABLE crm_keys (lead_key_json VARCHAR, lead_key VARCHAR, key_id UUID, lead_key_fault VARCHAR);
