"""What borrowers and staff send as proof: uploads, the sandbox that reads them, view copies, keeping times."""
