"""
Acts of a test set's owner alone: register, correct, renew and retire it, read its outcomes, end what is stuck.

The gate (`proctor.gate`) answers developers; custody answers the owner. Both write to one ledger, and what custody
writes there is as public as a verdict: numbers of rows, reasons for retiring, opened outcomes. Rows and reasons of
corrections, and every figure, go to the owner's record alone.

Each act is decided from one reading of the books and recorded if they have not moved; one that was interrupted is
completed by doing it again. Modules are imported where they are used.
"""
