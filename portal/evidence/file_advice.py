"""What people try to send and we cannot take: told apart by the name, so that each is told what to do instead."""

from pathlib import PurePath

from portal.core.refusal import Refusal

FAMILIES = {
    "video": "3gp avi m4v mkv mov mp4 mpeg mpg webm wmv",
    "sound": "aac amr m4a mp3 ogg wav wma",
    "archive": "7z gz rar tar tgz zip",
    "document": "doc docx odt pages rtf wps",
    "slides": "key odp ppt pptx",
    "web": "htm html mht mhtml webarchive",
    "mail": "eml msg",
    "picture": "avif bmp gif svg tif tiff webp",
}
"""What a family is called in `labels.ADVICE`, and the endings of its files."""

FAMILY_OF_ENDING = {ending: family for family, endings in FAMILIES.items() for ending in endings.split()}


def family_of(name: str) -> str:
    """The family of a file that we cannot take, empty where its name says nothing."""
    return FAMILY_OF_ENDING.get(PurePath(name).suffix.removeprefix(".").lower(), "")


def refuse_by_name(name: str) -> None:
    """Raise `Refusal` `file_wrong_type` (`file`, `family`) for what its name alone rules out, before it is sent."""
    family = family_of(name)
    if family:
        raise Refusal("file_wrong_type", file=name, family=family)
