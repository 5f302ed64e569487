/// The page's own script: draws the figures one after the other and offers them for download.
///
/// The specifications are the ones that `--figures` writes. Only what suits a screen is changed
/// here: colours become the style sheet's, so that dark mode and print follow, and widths become
/// the page's.
enum PageScript {
  static let text = #"""
    const palette = {
      "#0072b2": "observed", "#d55e00": "imputed", "#009e73": "third", "#cc79a7": "fourth",
      "#e69f00": "fifth", "#56b4e9": "sixth", "#222222": "ink", "#767676": "muted",
      "#dddddd": "grid",
    };
    const root = document.documentElement;
    const options = { actions: false, ast: true, renderer: "svg", tooltip: { theme: "custom" } };

    // Names and labels of the data are in datasets and titles, which stay as they are.
    function coloured(part) {
      if (typeof part === "string") return palette[part] ? `var(--${palette[part]})` : part;
      if (Array.isArray(part)) return part.map(coloured);
      if (part === null || typeof part !== "object") return part;
      return Object.fromEntries(Object.entries(part).map(([key, value]) =>
        [key, key === "datasets" || (typeof value === "string" && key === "title")
          ? value : coloured(value)]));
    }

    // Vega's own reader of CSV makes a function of a string, which the page's policy forbids.
    function rowsOf(csv, parse) {
      const rows = [];
      let row = [], cell = "", quoted = false;
      for (let i = 0; i < csv.length; i++) {
        const c = csv[i];
        if (quoted) {
          if (c !== '"') cell += c;
          else if (csv[i + 1] === '"') { cell += c; i++; }
          else quoted = false;
        } else if (c === '"') quoted = true;
        else if (c === ",") { row.push(cell); cell = ""; }
        else if (c === "\n") { row.push(cell); rows.push(row); row = []; cell = ""; }
        else cell += c;
      }
      const names = rows.shift();
      return rows.map((cells) => Object.fromEntries(names.map((name, i) =>
        [name, parse[name] !== "number" ? cells[i] : cells[i] === "" ? null : Number(cells[i])])));
    }

    // The specification with its tables as rows, which need no reader.
    function withRows(spec) {
      const parsed = {};
      const walk = (part) => {
        if (Array.isArray(part)) return part.map(walk);
        if (part === null || typeof part !== "object") return part;
        return Object.fromEntries(Object.entries(part).map(([key, value]) => {
          if (key === "datasets") return [key, value];
          if (key === "data" && value && value.name) {
            parsed[value.name] ??= rowsOf(spec.datasets[value.name], value.format.parse);
            return [key, { name: value.name }];
          }
          return [key, walk(value)];
        }));
      };
      return { ...walk(spec), datasets: parsed };
    }

    // Widths of views are limited to what there is; panels go below each other on a phone.
    function fitted(view, room) {
      if (view.facet && view.spec) {
        const wanted = view.spec.width || 280;
        const columns = Math.max(1, Math.min(view.columns || 2,
          Math.floor((room + 20) / (wanted + 75))));
        return { ...view, columns,
          spec: { ...view.spec, width: Math.min(wanted, Math.max(120, room / columns - 78)) } };
      }
      if (view.vconcat) return { ...view, vconcat: view.vconcat.map((v) => fitted(v, room)) };
      if (view.hconcat) {
        const wanted = view.hconcat.reduce((sum, v) => sum + (v.width || 280) + 75, 0);
        if (wanted <= room + 20) return view;
        const share = room / view.hconcat.length;
        if (share >= 250) {
          return { ...view, hconcat: view.hconcat.map((v) => ({ ...v, width: share - 82 })) };
        }
        const { hconcat, ...rest } = view;
        return { ...rest, vconcat: hconcat.map((v) => fitted(v, room)) };
      }
      return { ...view, width: Math.max(120, Math.min(view.width || 640, room - 80)) };
    }

    function onPage(spec, room) {
      const { title, background, ...rest } = spec;
      const simple = !spec.facet && !spec.vconcat && !spec.hconcat;
      const fit = simple
        ? { ...rest, width: Math.min(room, (spec.width || 640) + 80),
            autosize: { type: "fit-x", contains: "padding" } }
        : fitted(rest, room);
      // Titles longer than their axis would be cut at both ends.
      const sideways = fit.columns || fit.vconcat?.find((v) => v.hconcat)?.hconcat.length || 1;
      const along = Math.max(120, room / sideways - 70);
      const axis = (limit, more) => ({ ...more, titleLimit: limit });
      const config = { ...spec.config, axisX: axis(along, spec.config.axisX),
        legend: { ...spec.config.legend, titleLimit: room - 60,
          ...(room < 480 ? { columns: 1, labelLimit: room - 60 } : { labelLimit: room / 2 - 40 }) },
        header: { ...spec.config.header, labelLimit: along } };
      return coloured(withRows({ ...fit, config, background: "transparent" }));
    }

    function save(name, href) {
      const link = document.createElement("a");
      link.download = name;
      link.href = href;
      document.body.append(link);
      link.click();
      link.remove();
    }

    function saveText(name, text, type) {
      const url = URL.createObjectURL(new Blob([text], { type }));
      save(name, url);
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }

    // Pictures for papers are drawn from the specification as it is: light, full width.
    async function picture(spec, use) {
      const place = document.createElement("div");
      const result = await vegaEmbed(place, withRows(spec), options);
      try { await use(result.view); } finally { result.finalize(); }
    }

    function offer(figure, id, spec) {
      const place = figure.querySelector(".downloads");
      const button = (label, action) => {
        const element = document.createElement("button");
        element.type = "button";
        element.textContent = label;
        element.addEventListener("click", action);
        place.append(element);
      };
      button("SVG", () => picture(spec, async (view) =>
        saveText(`${id}.svg`, await view.toSVG(), "image/svg+xml")));
      button("PNG", () => picture(spec, async (view) =>
        save(`${id}.png`, (await view.toCanvas(3)).toDataURL("image/png"))));
      const names = Object.keys(spec.datasets);
      for (const name of names) {
        button(names.length > 1 ? `CSV: ${name}` : "CSV", () => saveText(
          names.length > 1 ? `${id}-${name}.csv` : `${id}.csv`, spec.datasets[name], "text/csv"));
      }
      button("Vega-Lite", () =>
        saveText(`${id}.vl.json`, JSON.stringify(spec, null, 2), "application/json"));
      place.hidden = false;
    }

    const drawn = [];

    async function draw(entry) {
      const { place, spec } = entry;
      const room = Math.floor(place.clientWidth) || 640;
      if (entry.room === room) return;
      entry.room = room;
      try {
        entry.result?.finalize();
        entry.result = await vegaEmbed(place, onPage(spec, room), options);
        if (!place.querySelector("svg")) throw new Error("nothing was drawn");
        place.dataset.state = "drawn";
      } catch (error) {
        place.dataset.state = "failed";
        place.textContent = `This figure could not be drawn: ${error.message}`;
        console.error(`figure ${entry.id}: ${error.message}`);
      }
    }

    for (const figure of document.querySelectorAll("figure")) {
      const id = figure.id.replace(/^figure-/, "");
      const entry = { id, place: figure.querySelector(".drawing"),
        spec: JSON.parse(figure.querySelector("script").textContent) };
      drawn.push(entry);
      offer(figure, id, entry.spec);
    }

    async function drawAll() {
      for (const entry of drawn) {
        await draw(entry);
        // Lets the reader scroll meanwhile.
        await new Promise((resolve) => setTimeout(resolve));
      }
      root.dataset.drawn = document.querySelectorAll('.drawing[data-state="drawn"]').length;
      root.dataset.failed = document.querySelectorAll('.drawing[data-state="failed"]').length;
      root.dataset.requests = performance.getEntriesByType("resource").length;
      root.dataset.overflow = Math.max(0, root.scrollWidth - root.clientWidth);
      root.dataset.state = "ready";
    }

    let busy = drawAll();
    let timer;
    window.addEventListener("resize", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { busy = busy.then(drawAll); }, 200);
    });
    for (const details of document.querySelectorAll("details")) {
      details.addEventListener("toggle", () => { busy = busy.then(drawAll); });
    }
    """#
}
