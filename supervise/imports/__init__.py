"""Reading the spreadsheets people keep: bytes in, values and faults out, nothing of the app."""
