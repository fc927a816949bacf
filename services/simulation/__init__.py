"""`peiyu simulate`: years of the programme on invented enterprises, through the real use cases on an embedded database."""
