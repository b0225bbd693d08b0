-- A table for one load, gone with its transaction.
CREATE TEMPORARY TABLE registers_staging AS SELECT * FROM registers_component WITH NO DATA
