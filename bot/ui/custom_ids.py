"""What a button carries: a verb and a job id, nothing else."""

from bot.core.ids import JobId

# A job id is 24 base32 letters (`bot.core.ids.new_job_id`); Discord allows 100 characters.
JOB_PATTERN = r"(?P<job>[a-z2-7]{24})"
CANCEL_PATTERN = rf"easel:cancel:{JOB_PATTERN}"


def cancel(job_id: JobId) -> str:
    """The custom id of a job's Cancel button."""
    return f"easel:cancel:{job_id}"
