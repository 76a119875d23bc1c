"""Cursor pages for every API list: stable under inserts, constant cost at any depth."""

import re
from typing import Any, Final

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from apps.core.errors import InvalidInput

MAX_PAGE_SIZE: Final = 200
_PAGE_SIZE = re.compile(r"[1-9][0-9]{0,3}")
_POSITION = re.compile(r"[0-9]{1,19}")


class CursorPages(CursorPagination):
    """50 rows a page by descending key; `page_size` up to 200."""

    ordering = "-pk"
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    cursor_query_description = "游标：取自上一次应答的 next 或 previous。"
    page_size_query_description = f"每页行数，1 至 {MAX_PAGE_SIZE}，默认 50。"

    def get_page_size(self, request: Request) -> int:
        """Rows a page. Raises InvalidInput instead of passing over a size that is none."""
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return int(self.page_size)  # type: ignore[arg-type]  # PAGE_SIZE is set
        if not _PAGE_SIZE.fullmatch(text) or int(text) > MAX_PAGE_SIZE:
            raise InvalidInput(fields={"page_size": f"每页行数须为 1 至 {MAX_PAGE_SIZE} 的整数。"})
        return int(text)

    def decode_cursor(self, request: Request) -> Any:
        """The place to go on from. Raises InvalidInput for a cursor that we did not make."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise _bad_cursor() from error
        if cursor is not None and cursor.position is not None and not _POSITION.fullmatch(str(cursor.position)):
            raise _bad_cursor()
        return cursor


def _bad_cursor() -> InvalidInput:
    return InvalidInput(fields={"cursor": "游标无效，请从第一页重新取。"})
