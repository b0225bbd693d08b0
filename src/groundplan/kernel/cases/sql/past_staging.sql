-- Where a batch of past cases stands between COPY and the statements that spread it over the tables of cases.
CREATE TEMPORARY TABLE cases_past (
    line integer PRIMARY KEY, public_id uuid NOT NULL, take_id uuid NOT NULL, work_id uuid NOT NULL,
    number text NOT NULL, title text NOT NULL, channel text NOT NULL, reporter text NOT NULL,
    data jsonb NOT NULL, personal bytea, reporter_hash bytea, longitude double precision, latitude double precision,
    divisions jsonb NOT NULL, district text NOT NULL, opened_at timestamptz NOT NULL, closed_at timestamptz,
    taker_id bigint NOT NULL, owner_id bigint NOT NULL, words text NOT NULL,
    spans text NOT NULL, due_at timestamptz, missing boolean NOT NULL, overdue boolean NOT NULL,
    take_spans text NOT NULL, take_due_at timestamptz, take_overdue boolean NOT NULL,
    work_spans text NOT NULL, work_due_at timestamptz, work_missing boolean NOT NULL, work_overdue boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE cases_past_step (
    line integer NOT NULL, position integer NOT NULL, public_id uuid NOT NULL, at timestamptz NOT NULL,
    kind text NOT NULL, text jsonb NOT NULL, party_id bigint, task_id uuid,
    PRIMARY KEY (line, position)
) ON COMMIT DROP;
