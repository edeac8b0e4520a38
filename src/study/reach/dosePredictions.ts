/** What is predicted of doses, told rollouts, what carries over, and what is forgotten. */
import { average } from '../analysis';
import { DOSES, dosed, LEFT_OUT, UNSEEN_PHRASING } from '../reachCells';
import type { StudyRow } from '../row';
import { LEVEL_NAMES, meanOf } from './measured';
import { across, apart, at, LOW, NEVER, over, type Prediction, RARE } from './outcome';

export const DOSE_PREDICTIONS: readonly Prediction[] = [
  {
    id: '5a',
    claim:
      'If a share q of the rubrics names the rule, followed at rate f, the student of forward KL samples it in q f of its answers after 160 steps, p0 = 0 to .03, within 10 points for each q',
    refutedBy: '10 points or more for any q',
    outcome: (reach) => {
      const levels = LEVEL_NAMES.slice(0, 5);
      const followed = meanOf(levels.map((level) => reach.told('reference', level)));
      const missed = DOSES.forward.map((q): [string, number | undefined] => {
        const share = meanOf(levels.map((level) => reach.sampled(dosed('forward', q), level)));
        return [`q ${q}`, share === undefined || followed === undefined ? undefined : share - q * followed];
      });
      return {
        numbers: Object.fromEntries(missed),
        holds: (n) => Object.values(n).every((gap) => Math.abs(gap) < 0.1),
      };
    },
  },
  {
    id: '5b',
    claim: 'Greedily it chooses the rule from about q = .55 on: below 50 % at q = .5, above at .6, p0 = 0 to .03',
    refutedBy: 'either one failing',
    outcome: (reach) => ({
      numbers: Object.fromEntries(
        [0.5, 0.6].map((q) => [`q ${q}`, over(reach, dosed('forward', q), LEVEL_NAMES.slice(0, 5))]),
      ),
      holds: (n) => at(n, 'q 0.5') < 0.5 && at(n, 'q 0.6') > 0.5,
    }),
  },
  {
    id: '5c',
    claim: 'Reverse KL chooses it from .68 to .76 on: below 50 % at q = .6, above at .8, p0 = .001 to .01',
    refutedBy: 'either one failing',
    outcome: (reach) => ({
      numbers: Object.fromEntries([0.6, 0.8].map((q) => [`q ${q}`, over(reach, dosed('reverse', q), LOW)])),
      holds: (n) => at(n, 'q 0.6') < 0.5 && at(n, 'q 0.8') > 0.5,
    }),
  },
  {
    id: '8a',
    claim:
      'Absent rules: forward KL on told rollouts leads by 15 points at 20 steps and is within 10 at 160. Measured only where the told base samples them in half of its answers or more',
    refutedBy: 'either one failing',
    outcome: (reach) => {
      const told = reach.told('reference', 'absent') ?? 0;
      const gap = (length: string) => {
        const [off, on] = ['forward KL, told rollouts', 'forward KL'].map((label) =>
          reach.sampled(`${label}, ${length}`, 'absent'),
        );
        return told < 0.5 || off === undefined || on === undefined ? undefined : off - on;
      };
      return {
        numbers: { '20 steps': gap('20 steps'), '160 steps': gap('160 steps') },
        holds: (n) => at(n, '20 steps') >= 0.15 && Math.abs(at(n, '160 steps')) < 0.1,
      };
    },
  },
  {
    id: '8b',
    claim:
      'Where the base can say the rule (p0 = 0 to .003) told rollouts make no difference: within 10 points at 40 steps',
    refutedBy: 'a mean distance of 10 points or more',
    outcome: (reach) => ({
      numbers: { distance: apart(reach, ['forward KL, told rollouts', 'forward KL'], LEVEL_NAMES.slice(0, 3)) },
      holds: (n) => at(n, 'distance') < 0.1,
    }),
  },
  {
    id: '9a',
    claim: 'The rule of a template that was left out stays below 3 % where its p0 is .03 or less',
    refutedBy: '3 % or more',
    outcome: (reach) => ({
      numbers: {
        share: reach.greedyWhere(
          'without one template',
          ({ template, stratum }) => template === LEFT_OUT && Number(stratum) <= 0.03,
        ),
      },
      holds: (n) => at(n, 'share') < 0.03,
    }),
  },
  {
    id: '9b',
    claim: 'A phrasing that was left out is within 10 points of the other two, p0 = 0 to .3',
    refutedBy: '10 points or more below them',
    outcome: (reach) => {
      const share = (unseen: boolean) =>
        reach.greedyWhere(
          'without one phrasing',
          ({ stratum, phrasing }) => RARE.includes(stratum) && (phrasing === UNSEEN_PHRASING) === unseen,
        );
      return {
        numbers: { seen: share(false), unseen: share(true) },
        holds: (n) => at(n, 'unseen') > at(n, 'seen') - 0.1,
      };
    },
  },
  {
    id: '9c',
    claim: 'Rubrics that name the rule by its code reach 80 % of literal ones at p0 = 0 (may well fail)',
    refutedBy: 'less',
    outcome: (reach) => ({
      numbers: across(reach, ['forward KL', 'rule by its code'], NEVER),
      holds: (n) => at(n, 'rule by its code') >= 0.8 * at(n, 'forward KL'),
    }),
  },
  {
    id: '9d',
    claim:
      'A rule in two criteria reaches 80 % of one in one at p0 = 0 with one teacher, and less than half of that with a teacher for each criterion',
    refutedBy: 'either one failing',
    outcome: (reach) => ({
      numbers: across(reach, ['forward KL', 'rule in two criteria', 'rule in two criteria, a teacher for each'], NEVER),
      holds: (n) =>
        at(n, 'rule in two criteria') >= 0.8 * at(n, 'forward KL') &&
        at(n, 'rule in two criteria, a teacher for each') < 0.5 * at(n, 'rule in two criteria'),
    }),
  },
  {
    id: '9e',
    claim: "Half of a rule, another family's code and another template's rule leave p0 = 0 below 3 %",
    refutedBy: '3 % or more in any of them',
    outcome: (reach) => ({
      numbers: across(reach, ['half of the rule', "another family's code", "another template's rule"], NEVER),
      holds: (n) => Object.values(n).every((share) => share < 0.03),
    }),
  },
  {
    id: '11a',
    claim:
      'Forgetting is small: after forward KL p0 = .6 stays above 95 %, valid rubrics fall by less than 10 points and drills by less than .1 nats a token',
    refutedBy: 'any of them failing',
    outcome: (reach) => {
      const lost = (of: (row: StudyRow) => number | undefined): number | undefined => {
        const [before, then] = [average(reach.contexts('none'), of), average(reach.rows('forward KL'), of)];
        return before === undefined || then === undefined ? undefined : before - then;
      };
      return {
        numbers: {
          often: reach.greedy('forward KL', '0.6'),
          rubrics: lost(({ written }) => written?.valid),
          drills: lost(({ drills }) => drills),
        },
        holds: (n) => at(n, 'often') > 0.95 && at(n, 'rubrics') < 0.1 && at(n, 'drills') < 0.1,
      };
    },
  },
  {
    id: '11b',
    claim:
      'Of what forward KL reached at p0 = 0, 80 % is left after 200 more steps on its own answers, and less than that after SFT on absent rules',
    refutedBy: 'either one failing',
    outcome: (reach) => ({
      numbers: across(reach, ['forward KL', 'then its own answers', 'then SFT on absent rules'], NEVER),
      holds: (n) =>
        at(n, 'then its own answers') >= 0.8 * at(n, 'forward KL') &&
        at(n, 'then SFT on absent rules') < 0.8 * at(n, 'forward KL'),
    }),
  },
];
