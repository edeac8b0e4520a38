/** What the output of `showSliders` runs in a page: unpacks its pictures, and shows the one that the sliders choose. */
import { frameAt, placeText, type SliderData } from './frames';

async function unpacked(packed: string): Promise<string[]> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
}

async function liven(place: Element, { names, positions, frames }: SliderData): Promise<void> {
  const pictures = await unpacked(frames);
  const picture = place.querySelector('img') as HTMLImageElement;
  const sliders = [...place.querySelectorAll('input')];
  const shown = [...place.querySelectorAll('output')];
  const sizes = positions.map(({ length }) => length);
  const draw = (): void => {
    const places = sliders.map(({ valueAsNumber }) => valueAsNumber);
    const chosen = places.map((at, i) => positions[i]?.[at] ?? '');
    for (const [i, position] of chosen.entries()) {
      (shown[i] as HTMLOutputElement).value = position;
      sliders[i]?.setAttribute('aria-valuetext', position);
    }
    const svg = pictures[frameAt(places, sizes)] ?? '';
    const words = new DOMParser().parseFromString(svg, 'image/svg+xml').querySelector('desc')?.textContent ?? '';
    picture.alt = `${chosen.map((position, i) => placeText(names[i] ?? '', position)).join(', ')}: ${words}`;
    picture.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  };
  for (const slider of sliders) {
    slider.disabled = false;
    slider.addEventListener('input', draw);
  }
  place.querySelector('[data-rcsd-still]')?.remove();
}

for (const place of document.querySelectorAll('[data-rcsd-sliders]:not([data-rcsd-live])')) {
  const data = place.querySelector('script[type="application/json"]');
  if (!data) continue;
  place.setAttribute('data-rcsd-live', '');
  void liven(place, JSON.parse(data.textContent ?? ''));
}
