/** The inspector's looks. Colours are transparent over whatever is behind and text inherits its colour: readable in light and dark. */

/** A style sheet for `.rcsd-inspector`. */
export const INSPECTOR_STYLE = `
.rcsd-inspector{border:1px solid rgba(128,128,128,.35);border-radius:8px;padding:12px 16px;margin:8px 0;max-width:62em;line-height:1.5;font-size:15px}
.rcsd-inspector p{margin:6px 0}
.rcsd-inspector .rcsd-bar{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:6px}
.rcsd-inspector select{font:inherit;color:inherit;background:transparent;border:1px solid rgba(128,128,128,.6);border-radius:5px;padding:2px 6px}
.rcsd-inspector option{color:#1f2328;background:#fff}
.rcsd-inspector .rcsd-note,.rcsd-inspector small{font-size:.86em;opacity:.85}
.rcsd-inspector .rcsd-swatch{white-space:nowrap;margin-right:1em}
.rcsd-inspector .rcsd-swatch i{display:inline-block;width:1.4em;height:.85em;border-radius:3px;vertical-align:-1px}
.rcsd-inspector .rcsd-tokens{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.95em;line-height:1.95;padding:6px;border-radius:6px;max-height:22em;overflow:auto}
.rcsd-inspector .rcsd-tokens span{padding:2px 0;border-radius:3px;cursor:pointer;text-underline-offset:4px}
.rcsd-inspector .rcsd-tokens .rcsd-open{outline:2px solid currentColor;outline-offset:1px}
.rcsd-inspector .rcsd-tokens:focus-visible{outline:2px solid #0072b2;outline-offset:2px}
.rcsd-inspector .rcsd-opened{border-top:1px solid rgba(128,128,128,.35);margin-top:8px;padding-top:8px}
.rcsd-inspector .rcsd-token code{font-size:1.15em;font-weight:600;background:none}
.rcsd-inspector .rcsd-facts{display:flex;flex-wrap:wrap;gap:2px 22px;margin:4px 0 10px;font-variant-numeric:tabular-nums}
.rcsd-inspector .rcsd-facts dt{font-size:.8em;opacity:.8}
.rcsd-inspector .rcsd-facts dd{margin:0}
.rcsd-inspector .rcsd-scroll{overflow-x:auto}
.rcsd-inspector table{border-collapse:collapse;font-size:.92em;font-variant-numeric:tabular-nums;margin:4px 0}
.rcsd-inspector caption{text-align:left;font-size:.92em;opacity:.85;padding-bottom:2px}
.rcsd-inspector th,.rcsd-inspector td{text-align:left;font-weight:400;padding:2px 14px 2px 0;border-bottom:1px solid rgba(128,128,128,.22);white-space:nowrap}
.rcsd-inspector thead th{font-size:.86em;opacity:.85}
.rcsd-inspector tbody th{font-family:ui-monospace,SFMono-Regular,Menlo,monospace}
.rcsd-inspector .rcsd-number{text-align:right}
.rcsd-inspector .rcsd-share{min-width:118px}
.rcsd-inspector .rcsd-share span{display:inline-block;height:.7em;border-radius:2px;margin-right:6px;min-width:1px}
.rcsd-inspector .rcsd-teacher{background:#d55e00}
.rcsd-inspector .rcsd-student{background:#6e7781}
.rcsd-inspector .rcsd-written th,.rcsd-inspector .rcsd-written td{background:rgba(128,128,128,.14)}
.rcsd-inspector .rcsd-cut{font-weight:600}
.rcsd-inspector summary{cursor:pointer;margin-top:8px}
@media print{.rcsd-inspector .rcsd-tokens{max-height:none;overflow:visible}}
`;
