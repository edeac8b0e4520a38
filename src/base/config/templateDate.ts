/** The day that chat templates take for today. */

/**
 * Unless another is set, always the same day, so that the same command gives the same prompts tomorrow. It is the one
 * that the templates of Llama 3 name themselves for lack of another.
 */
export const TEMPLATE_DATE = '2024-07-26';

/** How such a day is written. */
export const DATE_PATTERN = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
