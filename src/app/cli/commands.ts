/** The list of commands with a one-line summary each. A command's file is loaded only when the command is called. */
import type { CommandEntry } from './shared/command';

/** All commands, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'start', summary: 'run doctor, then quickstart', load: () => import('./start') },
  {
    name: 'doctor',
    summary: 'check that machine, engine, model and data work together',
    load: () => import('./doctor'),
  },
  {
    name: 'quickstart',
    summary: 'run the whole method on the embedded model, in minutes',
    load: () => import('./quickstart'),
  },
  {
    name: 'train',
    summary: 'train a model with RCSD or one of the methods it is compared with',
    load: () => import('./train'),
  },
  { name: 'sweep', summary: 'run a grid of training runs from a YAML file', load: () => import('./sweep') },
  {
    name: 'study',
    summary: 'run or show the committed study: what the method is worth, when, and why',
    load: () => import('./study'),
  },
  { name: 'evaluate', summary: 'measure a model on held-out questions', load: () => import('./evaluate') },
  {
    name: 'contexts',
    summary: 'measure what each context is worth to a model, before any training',
    load: () => import('./probes/contexts'),
  },
  {
    name: 'clipping',
    summary: "measure how much a clip distorts a teacher's guidance, before any training",
    load: () => import('./probes/clipping'),
  },
  {
    name: 'audit',
    summary: 'measure where the guidance of each context points at better answers, before any training',
    load: () => import('./probes/audit'),
  },
  { name: 'judge', summary: 'let a model judge responses, and check the judge', load: () => import('./judge') },
  {
    name: 'grade',
    summary: 'grade given responses as one of several evaluation programs would',
    load: () => import('./grade'),
  },
  {
    name: 'power',
    summary: 'compute how small a difference an evaluation can detect, before it is run',
    load: () => import('./power'),
  },
  { name: 'compare', summary: 'compare evaluations side by side, with paired tests', load: () => import('./compare') },
  { name: 'pretrain', summary: 'pretrain the embedded base model from scratch', load: () => import('./pretrain') },
  { name: 'figures', summary: "draw the study's figures from its rows", load: () => import('./figures') },
  {
    name: 'view',
    summary: 'leaf through answers, curves and scores of runs in a browser, live',
    load: () => import('./view/view'),
  },
  {
    name: 'page',
    summary: 'ask, look and train in a browser tab, served here or as static files',
    load: () => import('./view/page'),
  },
  { name: 'report', summary: 'write the HTML report of a run', load: () => import('./report') },
  {
    name: 'benchmark',
    summary: 'measure speed and memory of each stage on this machine',
    load: () => import('./benchmark'),
  },
  { name: 'lab', summary: 'open JupyterLab on the notebooks', load: () => import('./lab') },
  { name: 'models list', summary: 'list the models that can be given by name', load: () => import('./models/list') },
  { name: 'models pull', summary: 'download a named model', load: () => import('./models/pull') },
  {
    name: 'export',
    summary: 'write a trained model as a Hugging Face folder, PEFT adapter or GGUF file',
    load: () => import('./models/export'),
  },
  {
    name: 'data list',
    summary: 'list the available questions, and where to get others',
    load: () => import('./dataList'),
  },
  { name: 'data add', summary: 'check and register the files of a benchmark', load: () => import('./dataAdd') },
  { name: 'data pull', summary: 'download a benchmark from its hub and register it', load: () => import('./dataPull') },
  {
    name: 'rubrics generate',
    summary: 'let a model write rubrics for questions',
    load: () => import('./rubricsGenerate'),
  },
  { name: 'rubrics parse', summary: 'turn raw model text into rubrics', load: () => import('./rubricsParse') },
  {
    name: 'rubrics quality',
    summary: 'measure rubrics: form, leakage, uplift, discrimination',
    load: () => import('./rubricsQuality'),
  },
  { name: 'generate', summary: 'sample completions of prompts', load: () => import('./generate') },
  { name: 'score', summary: 'compute log-probabilities of completions, token by token', load: () => import('./score') },
  { name: 'tokenize', summary: 'turn text into token ids and back', load: () => import('./tokenize') },
];
