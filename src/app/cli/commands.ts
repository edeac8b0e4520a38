/** The commands, with one line each; a command's file is loaded when it is called. */
import type { CommandEntry } from './shared/command';

/** All commands in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'start', summary: 'doctor, then quickstart', load: () => import('./start') },
  {
    name: 'doctor',
    summary: 'check that machine, engine, model and data work together',
    load: () => import('./doctor'),
  },
  {
    name: 'quickstart',
    summary: 'the whole method on the embedded model, in minutes',
    load: () => import('./quickstart'),
  },
  { name: 'train', summary: 'train a model: rcsd, opsd, sft or grpo', load: () => import('./train') },
  { name: 'sweep', summary: 'a grid of training runs from a YAML file', load: () => import('./sweep') },
  {
    name: 'study',
    summary: 'the committed study: what the method is worth, when, and why',
    load: () => import('./study'),
  },
  { name: 'evaluate', summary: 'measure a model on held-out questions', load: () => import('./evaluate') },
  {
    name: 'contexts',
    summary: 'what each context is worth to a model before any training',
    load: () => import('./contexts'),
  },
  {
    name: 'clipping',
    summary: "what a clip makes of a teacher's guidance before any training",
    load: () => import('./clipping'),
  },
  { name: 'judge', summary: 'let a model judge responses, and check the judge', load: () => import('./judge') },
  { name: 'grade', summary: 'grade given responses as one of several programs would', load: () => import('./grade') },
  { name: 'power', summary: 'what an evaluation can see, before it is run', load: () => import('./power') },
  { name: 'compare', summary: 'evaluations side by side, with paired tests', load: () => import('./compare') },
  { name: 'pretrain', summary: 'make the embedded base model from scratch', load: () => import('./pretrain') },
  { name: 'figures', summary: "draw the study's figures from its rows", load: () => import('./figures') },
  { name: 'report', summary: 'write the HTML report of a run', load: () => import('./report') },
  {
    name: 'benchmark',
    summary: 'speed and memory of each stage on this machine',
    load: () => import('./benchmark'),
  },
  { name: 'lab', summary: 'open JupyterLab on the notebooks', load: () => import('./lab') },
  { name: 'models list', summary: 'list the models known by name', load: () => import('./modelsList') },
  { name: 'models pull', summary: 'fetch a model', load: () => import('./modelsPull') },
  {
    name: 'data list',
    summary: 'list the questions that are here, and where to get others',
    load: () => import('./dataList'),
  },
  { name: 'data add', summary: 'check and register the files of a benchmark', load: () => import('./dataAdd') },
  { name: 'data pull', summary: 'fetch a benchmark from its hub and register it', load: () => import('./dataPull') },
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
  { name: 'score', summary: 'log-probabilities of completions, token by token', load: () => import('./score') },
  { name: 'tokenize', summary: 'turn text into token ids and back', load: () => import('./tokenize') },
];
