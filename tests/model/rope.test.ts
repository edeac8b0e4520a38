import { describe, expect, test } from 'vitest';
import { inverseFrequencies } from '../../src/engine/model/rope';
import { parseRope } from '../../src/engine/model/ropeConfig';
import { fixture } from '../files/fixtures';

interface Case {
  readonly name: string;
  readonly rope_parameters: Readonly<Record<string, unknown>>;
  readonly frequencies: number[];
  readonly factor: number;
}

describe('scalings of rotary positions, against transformers', () => {
  const { cases } = fixture<{ cases: Case[] }>('rope.json');

  test.each(cases)('$name', ({ rope_parameters, frequencies, factor }) => {
    const rope = parseRope({ max_position_embeddings: 256, rope_parameters }, 'x');
    const own = inverseFrequencies(rope, 16);
    own.forEach((frequency, i) => {
      expect(Math.abs(frequency / (frequencies[i] as number) - 1)).toBeLessThan(1e-6);
    });
    expect(own).toHaveLength(frequencies.length);
    const scale = rope.scaling?.type === 'yarn' ? rope.scaling.attentionFactor : 1;
    expect(scale).toBeCloseTo(factor, 6);
  });
});
