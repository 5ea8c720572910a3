"""The demo: a real shop's invoices, sent through the REST API as a client would."""
