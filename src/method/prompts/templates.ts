/**
 * The prompts for student, teacher and rubric writer, in our own words, after the paper (appendix B) and the authors'
 * code. A YAML file can replace any of them. `{{name}}` is a placeholder; what is filled in is never read as a
 * template.
 */

import { parseYamlFile } from '../../base/config/yamlFile';
import { InputError } from '../../base/records/errors';
import { JUDGE_PLACEHOLDERS, JUDGE_TEMPLATES } from './judgeTemplates';

/** The placeholders that each template may have; those with a star are required. */
const PLACEHOLDERS = {
  /** The student's turn; also the teacher's where it sees nothing more. */
  student: ['question*', 'instruction*'],
  /** The teacher's turn with privileged text. */
  teacher: ['question*', 'privileged*', 'guidance', 'instruction*'],
  /** The parts that privileged text is made of, one or more of them. */
  reference_answer: ['answer*'],
  reference_rubric: ['rubric*'],
  demonstration: ['demonstration*'],
  /** A solved problem that has nothing to do with the question. */
  unrelated: ['other*', 'solution*'],
  /** A response that is to be revised, and after it one of the two requests. */
  revised: ['response*'],
  revision_meet: ['criteria*'],
  revision_avoid: ['criteria*'],
  guidance: [],
  /** Replaces `guidance` under the setting anti_mention. */
  private_guidance: [],
  instruction: [],
  instruction_choice: [],
  /** For reason_first: the turn that asks for an analysis, and the texts after it. */
  analysis: ['question*', 'privileged*'],
  transition: ['guidance', 'instruction*'],
  /** Asks for a rubric; `answer` is the section with the reference answer, empty for a model that may not see it. */
  rubric_writer: ['question*', 'answer*'],
  /** Follows `rubric_writer` for a teacher that sees the reference rubric. */
  rubric_target: ['rubric*'],
  ...JUDGE_PLACEHOLDERS,
} as const;

export type TemplateName = keyof typeof PLACEHOLDERS;
export type Templates = Readonly<Record<TemplateName, string>>;
/** Which rubric-writing prompt: that of the paper's appendix B.1, or that of the authors' stage-I code. */
export type RubricPrompt = 'paper' | 'released';

const RUBRIC_WRITERS: Readonly<Record<RubricPrompt, string>> = {
  paper: `You are an expert in writing grading rubrics. Write the rubric by which an answer to the following question will be judged.

Question: {{question}}
{{answer}}
Write 5 to 15 items, as many as the question needs, as a JSON array of objects with exactly these three keys:
- "title": two to four words.
- "description": one sentence that begins with its category: "Essential Criteria: ...", "Important Criteria: ...", "Optional Criteria: ...", or "Pitfall Criteria: Does not mention ..." for a common mistake or omission.
- "weight": 5 for Essential, 3 or 4 for Important, 1 or 2 for Optional, -1 or -2 for Pitfall.
Each item must be understandable and checkable on its own, without the other items. Output only the JSON array.`,
  released: `# Task
You design rubrics: JSON lists of criteria by which answers to a question are scored.
1. Read the question, and the reference answer where one is given, and find every stated and unstated requirement.
2. Take a reference answer as authoritative for what a strong answer does, but do not copy its sentences.
3. Write 3 to 25 criteria.

# Format
A JSON array of objects with exactly these three keys:
- "title": two to five words.
- "description": at most 40 words.
- "weight": an integer from -1 to 10.
For example: [{"title": "Unit Conversion", "description": "Essential Criteria: The response converts 25 degrees Celsius to 298 K before using the gas law.", "weight": 8}]

# Rules
- Criteria are concrete, testable and distinct from each other.
- Weights: 7 to 10 for what is essential, 3 to 6 for what makes an answer better, and at least one criterion of weight -1 for a serious violation.
- Output the JSON array alone: no commentary, no code fence.

Question: {{question}}
{{answer}}`,
};

const COMMON: Readonly<Record<Exclude<TemplateName, 'rubric_writer'>, string>> = {
  student: `Question: {{question}}

{{instruction}}`,
  teacher: `Question: {{question}}

{{privileged}}

{{guidance}}
{{instruction}}`,
  reference_answer: `Reference answer:
{{answer}}`,
  reference_rubric: `Rubric (JSON array):
{{rubric}}`,
  demonstration: `One response to this question, as an example:
{{demonstration}}

Write a response of your own, with all the reasoning it needs.`,
  unrelated: `Another problem, which has nothing to do with this one, and its solution:
{{other}}

{{solution}}

They show how carefully a response is worked out. Use nothing of their content.`,
  revised: `One response to this question:
{{response}}

`,
  revision_meet: `These criteria are not met yet (JSON array):
{{criteria}}

Write the response so that it meets them, and change nothing else.`,
  revision_avoid: `These criteria are met (JSON array):
{{criteria}}

Write the response without what meets them: change or leave out those parts, and nothing else.`,
  guidance: 'Let the material above guide your answer.',
  private_guidance: `The material above is private guidance for you alone. Never mention, cite or hint at a reference answer, a rubric, an answer key or any other outside help; write nothing like "given the solution", "from the reference", "according to the rubric" or "we know that the answer is". Solve the question as if you had seen only its own text: derive the result yourself, try other ways and go back where something does not work out, and give the final answer only when your reasoning supports it.`,
  instruction: 'Reason step by step, and put your final answer within \\boxed{}.',
  instruction_choice: 'Reason step by step, and put the letter of the correct choice within \\boxed{}.',
  analysis: `Question: {{question}}

{{privileged}}

The material above says what is expected of an answer; it may contain mistakes. Explain briefly which requirements, constraints and steps of reasoning follow from it. Do not solve the question yet, and do not open a thinking block.`,
  transition: `

{{guidance}}
{{instruction}}
`,
  rubric_target: `

Reference rubric (JSON array):
{{rubric}}

The reference rubric is the authoritative target. Output only the JSON array.`,
  ...JUDGE_TEMPLATES,
};

export function defaultTemplates(rubricPrompt: RubricPrompt = 'paper'): Templates {
  return { ...COMMON, rubric_writer: RUBRIC_WRITERS[rubricPrompt] };
}

/**
 * The templates of a YAML file (a mapping of template names to texts); the others keep their built-in text. Throws
 * `InputError` for unknown names, and for unknown or missing placeholders.
 */
export function readTemplates(path: string, base: Templates = defaultTemplates()): Templates {
  const given = parseYaml(path);
  const templates = new Map<string, string>(Object.entries(base));
  for (const [name, text] of Object.entries(given)) {
    templates.set(name, checkTemplate(name, text, path));
  }
  return Object.fromEntries(templates) as Templates;
}

function parseYaml(path: string): Record<string, unknown> {
  const value: unknown = parseYamlFile(path).document.toJS();
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InputError(
    `${path} must map template names to texts; known names: ${Object.keys(PLACEHOLDERS).join(', ')}.`,
  );
}

function checkTemplate(name: string, text: unknown, path: string): string {
  if (!Object.hasOwn(PLACEHOLDERS, name))
    throw new InputError(`${path}: there is no template "${name}"; known are ${Object.keys(PLACEHOLDERS).join(', ')}.`);
  if (typeof text !== 'string' || text.trim() === '')
    throw new InputError(`${path}: the template "${name}" must be a text that is not empty.`);
  const declared = PLACEHOLDERS[name as TemplateName] as readonly string[];
  const allowed = declared.map((placeholder) => placeholder.replace('*', ''));
  const found = [...text.matchAll(/\{\{((?:(?!\{\{).)*?)\}\}/g)].map((match) => (match[1] as string).trim());
  const unknown = found.find((placeholder) => !allowed.includes(placeholder));
  if (unknown !== undefined)
    throw new InputError(
      `${path}: the template "${name}" has no placeholder {{${unknown}}}; it knows ${allowed.map((p) => `{{${p}}}`).join(', ') || 'none'}.`,
    );
  const missing = declared.find(
    (placeholder) => placeholder.endsWith('*') && !found.includes(placeholder.slice(0, -1)),
  );
  if (missing === undefined) return text;
  throw new InputError(`${path}: the template "${name}" lacks the placeholder {{${missing.slice(0, -1)}}}; add it.`);
}

/** Fills a checked template in a single pass, so that placeholders inside the values stay text. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => values[name] ?? '');
}
