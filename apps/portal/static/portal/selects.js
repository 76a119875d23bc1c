// A select with data-search can be searched by typing.
"use strict";

document.querySelectorAll("select[data-search]").forEach((select) => {
  new TomSelect(select, {
    maxOptions: 200,
    render: {
      no_results: () => {
        const box = document.createElement("div");
        box.className = "no-results";
        box.textContent = "没有匹配的选项";
        return box;
      },
    },
  });
});
