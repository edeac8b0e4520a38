/** What a figure with sliders holds: the names and positions of its sliders, and one picture for each combination of them. */

/** The sliders of a figure by name, each with its positions from left to right. */
export type Positions = Readonly<Record<string, readonly (string | number)[]>>;

/** The position of each slider, counted from 0. */
export type Places = readonly number[];

/** What the page's script reads beside the picture. */
export interface SliderData {
  readonly names: readonly string[];
  readonly positions: readonly (readonly string[])[];
  /** SVGs by `frameAt`, as JSON, packed with gzip, in base64. */
  readonly frames: string;
}

/** The place of a combination in the list of pictures: the last slider moves fastest. */
export const frameAt = (places: Places, sizes: readonly number[]): number =>
  places.reduce((index, place, slider) => index * (sizes[slider] as number) + place, 0);

/** The combination of a picture in the list, the reverse of `frameAt`. */
export function placesOf(index: number, sizes: readonly number[]): Places {
  const places: number[] = [];
  let rest = index;
  for (const size of [...sizes].reverse()) {
    places.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return places;
}

/** A slider and its position in words. */
export const placeText = (name: string, position: string | number): string => `${name} = ${position}`;
