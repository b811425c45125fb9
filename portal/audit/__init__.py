"""What happened, by whom: an unbroken chain of records, its proof, and the auditor's pages."""
