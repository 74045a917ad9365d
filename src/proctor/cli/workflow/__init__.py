"""
The gate inside a GitHub workflow: what the runner says, which question is asked, what is made known of the answer.

`job` reads the runner's world, `terms` fixes ledger and baseline of this event, `verdicts` judges and announces,
`forks` carries a fork's candidate from the untrusted job to the trusted one, `results` does so with a recorded verdict.
What is decided from plain facts is decided in `proctor.github`.
"""
