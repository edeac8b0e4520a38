/** What is predicted of losses, supports, clips and rewards. */
import { truncated } from '../reachCells';
import { drawnOf, expectedOf, LEVEL_NAMES, meanOf, type Reach } from './measured';
import { across, apart, at, LOW, NEVER, over, type Prediction, RARE } from './outcome';
import { expectedRight, THEORY } from './theory';

/** A reward's shares where the measured p0 gives an expected number of right completions in a range. */
function rewarded(reach: Reach, [from, to]: readonly [number, number]): Record<string, number | undefined> {
  const cells = [
    ['GRPO', 40],
    ['GRPO, 400 steps', 400],
  ] as const;
  const found = cells.flatMap(([label, steps]) =>
    LEVEL_NAMES.flatMap((level): [string, number | undefined][] => {
      const p0 = reach.untrained('none', level);
      if (p0 === undefined) return [[`${label}, ${level}`, undefined]];
      const expected = expectedRight(drawnOf(steps), p0);
      return expected >= from && expected < to ? [[`${label}, ${level}`, reach.greedy(label, level)]] : [];
    }),
  );
  return Object.fromEntries(found);
}

const SUPPORTS = [5, 20].flatMap((k) => [false, true].map((tail) => [k, tail] as const));
const LOSSES = ['forward KL', 'reverse KL', 'JSD'] as const;

export const LOSS_PREDICTIONS: readonly Prediction[] = [
  {
    id: '1a',
    claim: 'At p0 = 0 after 40 steps: forward KL > reverse KL > JSD',
    refutedBy: 'any other order',
    outcome: (reach) => ({
      numbers: across(reach, LOSSES, NEVER),
      holds: (n) => at(n, 'forward KL') > at(n, 'reverse KL') && at(n, 'reverse KL') > at(n, 'JSD'),
    }),
  },
  {
    id: '1b',
    claim: 'There reverse KL has less than half of what forward KL has',
    refutedBy: 'half or more: AdamW then equalises what the pulls differ in',
    outcome: (reach) => ({
      numbers: across(reach, LOSSES.slice(0, 2), NEVER),
      holds: (n) => at(n, 'reverse KL') < 0.5 * at(n, 'forward KL'),
    }),
  },
  {
    id: '1c',
    claim: 'After 160 steps, reverse KL has more than 80 % of forward KL from p0 = .001 to .3',
    refutedBy: 'less on average over these levels',
    outcome: (reach) => ({
      numbers: {
        forward: over(reach, 'forward KL, 160 steps', RARE.slice(1)),
        reverse: over(reach, 'reverse KL, 160 steps', RARE.slice(1)),
      },
      holds: (n) => at(n, 'reverse') > 0.8 * at(n, 'forward'),
    }),
  },
  {
    id: '2a',
    claim: 'Sampled-token distillation at top_p .95 leaves p0 = 0 to .01 below 3 %',
    refutedBy: '3 % or more on average over these levels',
    outcome: (reach) => ({
      numbers: { share: over(reach, 'sampled tokens, top_p .95', [NEVER, ...LOW]) },
      holds: (n) => at(n, 'share') < 0.03,
    }),
  },
  {
    id: '2b',
    claim: 'At top_p 1 it is within 10 points of GRPO at equal N p0, p0 = .001 to .3',
    refutedBy: 'a mean distance of 10 points or more',
    outcome: (reach) => ({
      numbers: { distance: apart(reach, ['sampled tokens', 'GRPO'], RARE.slice(1)) },
      holds: (n) => at(n, 'distance') < 0.1,
    }),
  },
  {
    id: '2c',
    claim:
      'It reaches less far than reverse KL, whose gradient it has on average: by 10 points or more at p0 = .001 to .01, and within 15 at .3 after 160 steps',
    refutedBy: 'either one failing',
    outcome: (reach) => ({
      numbers: {
        'reverse, low': over(reach, 'reverse KL, 160 steps', LOW),
        'sampled, low': over(reach, 'sampled tokens, 160 steps', LOW),
        'reverse, .3': reach.greedy('reverse KL, 160 steps', '0.3'),
        'sampled, .3': reach.greedy('sampled tokens, 160 steps', '0.3'),
      },
      holds: (n) =>
        at(n, 'reverse, low') - at(n, 'sampled, low') >= 0.1 &&
        Math.abs(at(n, 'reverse, .3') - at(n, 'sampled, .3')) < 0.15,
    }),
  },
  {
    id: '3a',
    claim: 'GRPO stays below 3 % where N p0 < 1 (N: completions drawn of the rule; p0 measured)',
    refutedBy: '3 % or more in any such cell and level',
    outcome: (reach) => ({
      numbers: rewarded(reach, [0, 1]),
      holds: (n) => Object.values(n).every((share) => share < 0.03),
    }),
  },
  {
    id: '3b',
    claim: 'GRPO is above 50 % where N p0 >= 30 and p0 < .5; failing it withdraws "rewards cannot reach"',
    refutedBy: '50 % or less in any such cell and level',
    outcome: (reach) => ({
      numbers: Object.fromEntries(
        Object.entries(rewarded(reach, [30, Number.POSITIVE_INFINITY])).filter(([name]) => !name.endsWith(' 0.6')),
      ),
      holds: (n) => Object.values(n).every((share) => share > 0.5),
    }),
  },
  {
    id: '3c',
    claim:
      'Hotter rollouts (T 1.6) extend the reach of GRPO at 400 steps: at least 10 points at p0 = .003 to .03; groups of 32 and an entropy bonus do not',
    refutedBy: 'less than 10 points, or one of the others gaining as much',
    outcome: (reach) => {
      const levels = ['0.003', '0.01', '0.03'];
      const labels = ['', ', T 1.6', ', groups of 32', ', entropy bonus'];
      return {
        numbers: Object.fromEntries(
          labels.map((name) => [name || 'plain', over(reach, `GRPO${name}, 400 steps`, levels)]),
        ),
        holds: (n) => {
          const gain = (name: string) => at(n, name) - at(n, 'plain');
          return gain(', T 1.6') >= 0.1 && gain(', groups of 32') < 0.1 && gain(', entropy bonus') < 0.1;
        },
      };
    },
  },
  {
    id: '4',
    claim:
      "Forward KL does not depend on the rollouts' temperature (0, .7, 1, 1.2): within 10 points at p0 = 0 and on average over the other levels",
    refutedBy: 'a range of 10 points or more in either',
    outcome: (reach) => {
      const labels = ['forward KL', ...['0', '0.7', '1.2'].map((t) => `forward KL, rollouts at T ${t}`)];
      const range = (found: readonly (number | undefined)[]): number | undefined =>
        meanOf(found) === undefined ? undefined : Math.max(...(found as number[])) - Math.min(...(found as number[]));
      return {
        numbers: {
          never: range(labels.map((label) => reach.greedy(label, NEVER))),
          others: range(labels.map((label) => over(reach, label, RARE.slice(1)))),
        },
        holds: (n) => Object.values(n).every((width) => width < 0.1),
      };
    },
  },
  {
    id: '6a',
    claim:
      "Forward KL over the teacher's or the union's top 5 and 20, with and without tail, is within 10 points of the whole vocabulary at p0 = 0",
    refutedBy: '10 points or more below it in any of them',
    outcome: (reach) => {
      const labels = ['teacher', 'union'].flatMap((side) => SUPPORTS.map(([k, tail]) => truncated(side, k, tail)));
      return {
        numbers: across(reach, ['forward KL', ...labels], NEVER),
        holds: (n) => labels.every((label) => at(n, label) > at(n, 'forward KL') - 0.1),
      };
    },
  },
  {
    id: '6b',
    claim:
      "The student's top 1 with tail teaches p0 = .03 and .1 within 15 points of the whole vocabulary, since a tail lifts all it holds by its share and the rule is most of it; at p0 = 0 it has less than half",
    refutedBy: 'either one failing',
    outcome: (reach) => {
      const label = truncated('student', 1, true);
      const common = ['0.03', '0.1'];
      return {
        numbers: {
          'whole, common': over(reach, 'forward KL', common),
          'top 1, common': over(reach, label, common),
          'whole, never': reach.greedy('forward KL', NEVER),
          'top 1, never': reach.greedy(label, NEVER),
        },
        holds: (n) =>
          at(n, 'top 1, common') > at(n, 'whole, common') - 0.15 && at(n, 'top 1, never') < 0.5 * at(n, 'whole, never'),
      };
    },
  },
  {
    id: '6c',
    claim:
      "The student's top 5 and 20 teach p0 = .01 to .3, with and without tail, within 15 points of the whole vocabulary: there the rule is the second entry",
    refutedBy: '15 points or more below it in any of them',
    outcome: (reach) => {
      const labels = SUPPORTS.map(([k, tail]) => truncated('student', k, tail));
      return {
        numbers: Object.fromEntries(
          ['forward KL', ...labels].map((label) => [label, over(reach, label, RARE.slice(3))]),
        ),
        holds: (n) => labels.every((label) => at(n, label) > at(n, 'forward KL') - 0.15),
      };
    },
  },
  {
    id: '7a',
    claim:
      'A position clip of .05 has at most half of forward KL at p0 = 0, and loses less than 5 points at p0 = .3 and .6',
    refutedBy: 'either one failing',
    outcome: (reach) => {
      const clipped = 'forward KL, position clip .05';
      return {
        numbers: {
          'whole, never': reach.greedy('forward KL', NEVER),
          'clipped, never': reach.greedy(clipped, NEVER),
          'whole, often': over(reach, 'forward KL', ['0.3', '0.6']),
          'clipped, often': over(reach, clipped, ['0.3', '0.6']),
        },
        holds: (n) =>
          at(n, 'clipped, never') <= 0.5 * at(n, 'whole, never') &&
          at(n, 'clipped, often') > at(n, 'whole, often') - 0.05,
      };
    },
  },
  {
    id: '7b',
    claim: 'An entry clip of .05 keeps p0 = 0 below 3 % and ends below the base at p0 = .3 and .6 (sampled share)',
    refutedBy: 'either one failing',
    outcome: (reach) => {
      const clipped = 'forward KL, entry clip .05';
      const often = ['0.3', '0.6'];
      return {
        numbers: {
          never: reach.greedy(clipped, NEVER),
          often: meanOf(often.map((level) => reach.sampled(clipped, level))),
          base: meanOf(often.map((level) => reach.told('none', level))),
        },
        holds: (n) => at(n, 'never') < 0.03 && at(n, 'often') < at(n, 'base'),
      };
    },
  },
  {
    id: '10',
    claim:
      'Gradient descent on two logits, its length fitted to forward KL, gives the final probability under reverse KL and JSD within 20 points on average over the levels',
    refutedBy: 'a mean distance of 20 points or more: then the curve is no law under AdamW',
    outcome: (reach) => {
      const expected = expectedOf(reach);
      const distance = (label: string): number | undefined => {
        const p = expected?.under(THEORY[label] ?? {}) ?? [];
        const gaps = LEVEL_NAMES.map((level, i) => {
          const [found, wanted] = [reach.final(label, level), p[i]];
          return found === undefined || wanted === undefined ? undefined : Math.abs(found - wanted);
        });
        return meanOf(gaps);
      };
      return {
        numbers: { 'reverse KL': distance('reverse KL'), JSD: distance('JSD') },
        holds: (n) => Object.values(n).every((gap) => gap < 0.2),
      };
    },
  },
];
