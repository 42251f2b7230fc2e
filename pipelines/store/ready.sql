-- Whether the newest tables that the pipelines need exist. Returns nothing of meaning.
SELECT 1 FROM detect_run LIMIT 1
