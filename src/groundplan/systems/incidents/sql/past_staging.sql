-- Where the incidents of a batch of past reports stand between COPY and their table.
CREATE TEMPORARY TABLE incidents_past (
    line integer PRIMARY KEY, public_id uuid NOT NULL, case_public_id uuid NOT NULL, receipt text NOT NULL,
    category text NOT NULL, text text NOT NULL, hidden_parts smallint NOT NULL, place text NOT NULL,
    longitude double precision, latitude double precision, district text NOT NULL, reporter text NOT NULL,
    reported_at timestamptz NOT NULL, fingerprint bytea NOT NULL, external_id text NOT NULL
) ON COMMIT DROP;
