"""Cursor pages for every API list: stable under inserts, constant cost at any depth."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """50 rows a page by descending id; `page_size` up to 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
    invalid_cursor_message = "游标无效,请从第一页重新取。"
