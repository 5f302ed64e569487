/// The page's style sheet.
enum PageStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --ink: #1c1f23; --muted: #5f6670; --line: #d9dde2; --panel: #f5f6f8;
      --accent: #0b5c8f; --warn: #fff4e0; --warn-line: #d98a00;
      --observed: #0072b2; --imputed: #d55e00; --third: #008a64; --fourth: #b5578b;
      --fifth: #b97800; --sixth: #2f8fc4; --grid: #dfe3e8;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --paper: #14171a; --ink: #e8eaed; --muted: #a3abb5; --line: #353b43; --panel: #1e2226;
        --accent: #7cc4f2; --warn: #3a2d12; --warn-line: #d98a00;
        --observed: #5cb3ee; --imputed: #ff8a4c; --third: #3ecf9f; --fourth: #e79cc6;
        --fifth: #f0b541; --sixth: #8fd0f7; --grid: #30363d;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    body {
      margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 76rem; background: var(--paper);
      color: var(--ink); line-height: 1.5;
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Arial, sans-serif;
    }
    header { padding: 2rem 0 0.5rem; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere;
      max-height: 9.5rem; overflow: auto; }
    .subtitle { color: var(--muted); margin: 0.3rem 0 1.2rem; overflow-wrap: anywhere;
      max-height: 8rem; overflow: auto; }
    h2 { font-size: 1.45rem; margin: 3rem 0 0.4rem; padding-top: 1rem;
      border-top: 2px solid var(--line); }
    .ordinal { color: var(--muted); font-weight: 400; margin-right: 0.25em; }
    h3 { font-size: 1.12rem; margin: 2.2rem 0 0.5rem; overflow-wrap: anywhere; max-height: 9rem;
      overflow: auto; }
    h4 { font-size: 0.98rem; margin: 0 0 0.5rem; overflow-wrap: anywhere; max-height: 7rem;
      overflow: auto; }
    p, li { max-width: 46rem; overflow-wrap: anywhere; }
    .lead { color: var(--muted); font-size: 1.05rem; margin: 0 0 1.2rem; }
    a { color: var(--accent); }
    .highlights { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
      gap: 0.6rem; margin: 0 0 1rem; }
    .highlights div { background: var(--panel); border-radius: 6px; padding: 0.6rem 0.8rem; }
    .highlights dt { color: var(--muted); font-size: 0.82rem; }
    .highlights dd { margin: 0; font-size: 1.12rem; font-weight: 600;
      font-variant-numeric: tabular-nums; overflow-wrap: anywhere; max-height: 6rem;
      overflow: auto; }
    .notice { background: var(--warn); border-left: 4px solid var(--warn-line);
      padding: 0.6rem 0.9rem; border-radius: 0 6px 6px 0; max-width: none; }
    nav { margin: 1rem 0 0; }
    nav ol { display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; padding: 0; margin: 0;
      list-style: none; counter-reset: section; }
    nav li { counter-increment: section; max-width: none; }
    nav li::before { content: counter(section) " "; color: var(--muted); }
    nav a { text-decoration: none; }
    nav a:hover { text-decoration: underline; }
    @media (min-width: 70rem) {
      body { padding-left: 15.5rem; max-width: 88rem; margin: 0; }
      nav { position: fixed; top: 2rem; left: 1.5rem; width: 12.5rem; margin: 0; }
      nav ol { display: block; }
      nav li { padding: 0.3rem 0; }
    }
    .table { overflow-x: auto; margin: 1rem 0 0.4rem; max-width: 100%; max-height: 40rem;
      overflow-y: auto; }
    table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; font-weight: 600; padding: 0 0 0.4rem; }
    th, td { padding: 0.28rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left;
      vertical-align: top; max-width: 20rem; overflow-wrap: break-word; }
    thead th { border-bottom: 2px solid var(--muted); color: var(--muted); font-weight: 600;
      white-space: nowrap; }
    tbody th { font-weight: 500; }
    td.number, th.number { text-align: right; white-space: nowrap; }
    td.text, th.text { min-width: 4.5rem; }
    .long bdi { display: block; max-height: 6.5em; overflow: auto; overflow-wrap: anywhere;
      min-width: 14rem; }
    .note { color: var(--muted); font-size: 0.85rem; margin: 0.2rem 0; }
    figure { margin: 1.6rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 8px;
      max-width: 54rem; overflow: hidden; }
    .drawing { overflow-x: auto; min-height: 6rem; color: var(--ink); }
    .drawing svg { display: block; max-width: 100%; height: auto; }
    .drawing[data-state=waiting]::after { content: "Drawing…"; color: var(--muted); }
    figcaption { color: var(--muted); font-size: 0.9rem; margin-top: 0.6rem; max-width: 46rem;
      overflow-wrap: anywhere; }
    .downloads { margin: 0.5rem 0 0; font-size: 0.85rem; display: flex; flex-wrap: wrap;
      gap: 0.5rem; }
    .downloads[hidden] { display: none; }
    .downloads button { font: inherit; color: var(--accent); background: none; cursor: pointer;
      border: 1px solid var(--line); border-radius: 5px; padding: 0.15rem 0.6rem; }
    .downloads button:hover { border-color: var(--accent); }
    details { margin: 1rem 0; }
    summary { cursor: pointer; color: var(--accent); overflow-wrap: anywhere; }
    pre { background: var(--panel); padding: 0.8rem 1rem; overflow: auto; border-radius: 6px;
      font-size: 0.82rem; max-height: 40rem; }
    footer { margin-top: 3rem; border-top: 1px solid var(--line); color: var(--muted);
      font-size: 0.85rem; overflow-wrap: anywhere; }
    #vg-tooltip-element { font: 12px system-ui, sans-serif; }
    @media (max-width: 40rem) {
      body { padding: 0 0.9rem 3rem; font-size: 15px; }
      header { padding-top: 1.2rem; }
      h1 { font-size: 1.5rem; }
      figure { padding: 0.7rem; margin: 1.2rem 0; }
      th, td { padding: 0.25rem 0.45rem; }
      td.text { max-width: 12rem; overflow-wrap: anywhere; }
      .highlights { grid-template-columns: repeat(2, minmax(0, 1fr)); }
    }
    @page { size: A4; margin: 16mm 15mm; }
    @media print {
      body { padding: 0; margin: 0; max-width: none; font-size: 9.5pt; line-height: 1.4; }
      header { padding-top: 0; }
      h1 { font-size: 18pt; }
      h2 { font-size: 13.5pt; margin-top: 1.6rem; break-after: avoid; }
      h3, h4, .lead, caption { break-after: avoid; }
      nav, .downloads { display: none; }
      p, li, figcaption { max-width: none; }
      figure { break-inside: avoid; border: 0; padding: 0; margin: 1.1rem 0; max-width: 17.5cm; }
      .drawing svg { max-height: 20cm; width: auto; }
      .table, pre, .long bdi, h1, h3, h4 { overflow: visible; max-height: none; }
      /* One table wider than the paper would shrink every page. */
      table { font-size: 7pt; max-width: 100%; }
      th, td { padding: 1.5pt 3pt; }
      td.text, th.text { min-width: 1.6cm; overflow-wrap: anywhere; }
      .long bdi { min-width: 3cm; }
      thead { display: table-header-group; }
      tr { break-inside: avoid; }
      .highlights { grid-template-columns: repeat(5, 1fr); gap: 4pt; }
      .highlights dd { font-size: 10.5pt; }
      .highlights div { border: 1px solid var(--line); padding: 3pt 5pt; }
      .notice { border: 1px solid var(--warn-line); border-left-width: 4px; }
      details > :not(summary) { display: none; }
      a { color: inherit; text-decoration: none; }
    }
    """
}
