"""Files that come with a form: stored before any transaction, each by itself, so that one that fails stops nothing."""

from typing import Any

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request

from portal.core.refusal import Refusal
from portal.evidence.actions import KeptUpload, keep


async def keep_uploads(request: Request, uploads: list[UploadFile]) -> tuple[list[KeptUpload], list[dict[str, Any]]]:
    """Store what was uploaded; what cannot be taken, and why."""
    kept, refused = [], []
    for upload in uploads:
        data = await upload.read()
        await upload.close()
        try:
            kept.append(await to_thread.run_sync(keep, request.app.state.portal.files, upload.filename or "", data))
        except Refusal as refusal:
            refused.append({"code": refusal.code, **refusal.data})
    return kept, refused
