from apps.core.errors import InvalidInput


class Unreadable(InvalidInput):
    """The whole file cannot be taken in; the message says why and what to do."""

    code = "unreadable-delivery"
    title = "文件无法读取"
