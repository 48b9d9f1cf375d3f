"""Looking at pictures: strips, contact sheets, pages."""
