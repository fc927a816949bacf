"""Reference data: the province in use, its divisions, the classification of industries, qualifications."""
