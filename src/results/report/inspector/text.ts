/** The inspector in words, for viewers without HTML. */
import type { TokenScores } from '../../../method/scoring/guidance';
import { compactNumber, visibleText } from '../../figures/text';
import { finite, preferredToken, strongestTokens } from './quantities';

/** The answer, and where the two sides differ most, at most `rows` places. */
export function guidanceText(scores: TokenScores, rows = 6): string {
  const lines = strongestTokens(scores, scores.tokens.length, rows).map((t) => {
    const preferred = preferredToken(scores, t);
    const instead = preferred === undefined ? '' : ` -> ${JSON.stringify(preferred[1])}`;
    const k = scores.criterion?.[t];
    const by = k === undefined ? '' : `, ${k + 1} ${visibleText(scores.criteria?.[k] ?? '', 80)}`;
    return `${JSON.stringify(scores.tokens[t])}${instead} (${compactNumber(finite(scores.divergence[t]))} nats${by})`;
  });
  return visibleText([scores.tokens.join(''), ...lines].join('\n'), 3000);
}
