"""How a source can be reached. Apart from the adapters, so that tables need not load what adapters work with."""

from typing import Final

FILE, HTTP = "file", "http"
KINDS: Final = [(FILE, "文件交换"), (HTTP, "接口")]
