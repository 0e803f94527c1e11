-- What: the identities that this build has met, their links, and the lead ids that a link has replaced; empty at first.
-- Grain: an identity in each.
CREATE OR REPLACE TEMP TABLE identities (identity_id UUID, kind VARCHAR, identity VARCHAR);
CREATE OR REPLACE TEMP TABLE links (identity_id UUID, lead_id UUID);
CREATE OR REPLACE TEMP TABLE relinked (identity_id UUID);
CREATE OR REPLACE TEMP TABLE pairs (email_id UUID, key_id UUID);
