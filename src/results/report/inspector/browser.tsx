/** What a report or a notebook's output runs: brings the inspectors in it to life, each from the data beside it. */
import { hydrate } from 'preact';
import { Inspector } from './inspector';

for (const place of document.querySelectorAll('[data-rcsd-inspector]:not([data-rcsd-live])')) {
  const data = place.nextElementSibling;
  if (data?.getAttribute('type') !== 'application/json') continue;
  place.setAttribute('data-rcsd-live', '');
  hydrate(<Inspector {...JSON.parse(data.textContent ?? '')} />, place);
}
