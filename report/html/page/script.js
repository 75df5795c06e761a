"use strict";
(() => {
  const data = JSON.parse(document.getElementById("timeline").textContent);
  const figure = document.getElementById("f3");
  const box = figure && figure.querySelector(".cursor");
  if (!box) return;
  const input = box.querySelector("input"), output = box.querySelector("output");
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => two(Math.floor(s / 3600) % 24) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  const format = new Intl.NumberFormat(document.documentElement.lang);
  input.min = 0;
  input.max = Math.max(0, Math.min(data.lines[0].n.length, Math.ceil((data.to - data.from) / data.bin)) - 1);
  const show = () => {
    const i = Number(input.value);
    const parts = data.lines.map((l) => l.label + " " + format.format(l.n[i] || 0));
    const at = clock(data.from + i * data.bin);
    output.textContent = at + " · " + parts.join(" · ");
    input.setAttribute("aria-valuetext", at);
  };
  input.value = 0;
  input.addEventListener("input", show);
  show();
  box.hidden = false;
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
})();
