"""The ground every feature stands on: settings, database, forms, pages. It knows no feature."""
