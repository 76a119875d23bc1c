// Draws the box of components/chart.html from its JSON. The table beneath says the same and folds away once drawn.
"use strict";

(() => {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const palette = [1, 2, 3, 4, 5, 6].map((number) => token(`--chart-${number}`));
  const base = {
    color: palette,
    textStyle: { fontFamily: token("--font"), color: token("--text"), fontSize: 13 },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 400,
    // "html" tooltips carry style attributes, which the content security policy refuses.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    legend: { bottom: 0, icon: "roundRect", textStyle: { color: token("--text") } },
    aria: { enabled: true, decal: { show: false } },
  };

  const axes = (data) => ({
    grid: { left: 8, right: 16, top: 32, bottom: data.series.length > 1 ? 40 : 8, containLabel: true },
    xAxis: { type: "category", data: data.labels, axisLine: { lineStyle: { color: token("--line-strong") } }, axisTick: { show: false }, axisLabel: { color: token("--muted") } },
    yAxis: { type: "value", name: data.unit || "", nameTextStyle: { color: token("--muted"), align: "left" }, axisLabel: { color: token("--muted") }, splitLine: { lineStyle: { color: token("--line") } } },
    legend: { ...base.legend, show: data.series.length > 1 },
  });

  const options = {
    line: (data) => ({
      ...base, ...axes(data),
      series: data.series.map(({ name, values }) => ({ name, type: "line", data: values, symbolSize: 6, lineStyle: { width: 2.5 } })),
    }),
    bar: (data) => ({
      ...base, ...axes(data),
      series: data.series.map(({ name, values }) => ({ name, type: "bar", data: values, barMaxWidth: 36, itemStyle: { borderRadius: [3, 3, 0, 0] } })),
    }),
    radar: (data) => ({
      ...base,
      tooltip: { ...base.tooltip, trigger: "item" },
      legend: { ...base.legend, show: data.series.length > 1 },
      radar: {
        indicator: data.labels.map((name) => ({ name, max: data.highest, min: 0 })),
        radius: "66%", splitNumber: 4,
        axisName: { color: token("--text"), fontSize: 13 },
        axisLine: { lineStyle: { color: token("--line") } },
        splitLine: { lineStyle: { color: token("--line") } },
        splitArea: { areaStyle: { color: [token("--surface"), token("--paper")] } },
      },
      series: [{ type: "radar", areaStyle: { opacity: 0.18 }, lineStyle: { width: 2.5 }, data: data.series.map(({ name, values }) => ({ name, value: values })) }],
    }),
  };

  document.querySelectorAll("[data-chart]").forEach((box) => {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    box.hidden = false;
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption(options[box.dataset.kind](data));
    new ResizeObserver(() => chart.resize()).observe(box);
    box.closest("figure").querySelector(".chart-data").open = false;
  });
})();
