"""Work in the field (外勤): a phone's page, what it takes along offline, and how its work comes in once only."""
