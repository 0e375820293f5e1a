### What callers are told about jobs and schedules, in English.

## refusals

job_state = this cannot be done with a job that is { $state }
already_paused = the schedule is paused already
not_paused = the schedule is not paused
