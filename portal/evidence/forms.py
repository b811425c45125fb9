"""What is typed about a file: the password of a PDF, used once and kept nowhere."""

from pydantic import BaseModel, Field

from portal.platform.forms import Form


class PasswordInput(BaseModel):
    """The password of one PDF."""

    password: str = Field(min_length=1, max_length=128)


class PasswordForm(Form[PasswordInput]):
    """Unlocks a PDF."""

    purpose = "unlock_file"
