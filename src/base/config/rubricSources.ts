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
  'permuted',
] as const;

/** `dose:SHARE`, also of microscience alone: reference rubrics of which this share names the law. */
export const DOSE = /^dose:(0|1|0?\.\d+)$/;

/** Whether only a task that knows the right and the wrong law of each question has the source. */
export const knowsLaws = (source: string): boolean =>
  DOSE.test(source) || (LAW_SOURCES as readonly string[]).includes(source);
