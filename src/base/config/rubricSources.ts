/** Where the rubrics that stage II's teacher sees can come from; a file is the other possibility. */

/** Rubric sources of any data with reference rubrics; `placebo` is another family's rubric of about the same length. */
export const SHARED_SOURCES = ['generated', 'reference', 'generic', 'random', 'noisy', 'reduced', 'placebo'] as const;
/** Sources that need to know each question's law, which only microscience does. */
export const LAW_SOURCES = [
  'wrong',
  'one-wrong',
  'full',
  'law-only',
  'step-only',
  'same-family',
  'all-laws',
  'silent-laws',
  'filler',
  'coded',
  'coded-placebo',
  'split',
  'half',
] as const;
