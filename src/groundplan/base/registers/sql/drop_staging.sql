-- Two loads may share a transaction.
DROP TABLE registers_staging
