/** The settings of the loss, which the whole page shares. */
import type { ComponentChildren } from 'preact';
import type { DivergenceSettings } from '../../../base/config/parts';
import { Choice } from '../../view/client/choice';

/** The page begins with the divergence that the training here uses, at temperature 1. */
export const FIRST_LOSS: DivergenceSettings = {
  ...{ divergence: 'forward_kl', beta: 0.5, loss_temperature: 1 },
  ...{ top_k: 0, support: 'teacher', tail: false },
  ...{ clip: 0, clip_mode: 'none' },
};

export function Slider(props: {
  readonly label: string;
  readonly value: number;
  readonly range: readonly [least: number, most: number, step: number];
  readonly text?: string;
  readonly onChange: (value: number) => void;
}) {
  const [min, max, step] = props.range;
  const text = props.text ?? String(props.value);
  return (
    <label class="choice slider">
      {props.label}: {text}
      <input
        type="range"
        {...{ min, max, step }}
        value={props.value}
        aria-valuetext={text}
        onInput={(event) => props.onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}

const DIVERGENCES = [
  ['forward_kl', 'forward KL'],
  ['reverse_kl', 'reverse KL'],
  ['jsd', 'Jensen-Shannon'],
] as const;

const CLIPS = [
  ['none', 'none'],
  ['entry', 'each entry'],
  ['position', 'each token'],
  ['mask', 'leave tokens out'],
] as const;

/** Divergence, temperature and clip, behind what else is chosen with them. */
export function LossSettings(props: {
  readonly children?: ComponentChildren;
  readonly loss: DivergenceSettings;
  readonly onChange: (loss: DivergenceSettings) => void;
}) {
  const { loss } = props;
  const change = (part: object): void => props.onChange({ ...loss, ...part } as DivergenceSettings);
  return (
    <fieldset class="filters">
      <legend>Loss</legend>
      {props.children}
      <Choice
        label="Divergence"
        value={loss.divergence}
        options={DIVERGENCES}
        onChoose={(divergence) => change({ divergence })}
      />
      <Slider
        label="Temperature"
        value={loss.loss_temperature}
        range={[0.5, 2, 0.1]}
        text={loss.loss_temperature.toFixed(1)}
        onChange={(loss_temperature) => change({ loss_temperature })}
      />
      <Choice
        label="Clip"
        value={loss.clip_mode}
        options={CLIPS}
        onChoose={(clip_mode) => change({ clip_mode, clip: clip_mode === 'none' ? 0 : loss.clip || 0.05 })}
      />
      {loss.clip_mode !== 'none' && (
        <Slider
          label="Clip at"
          value={loss.clip}
          range={[0.005, 0.5, 0.005]}
          text={`${loss.clip.toFixed(3)} nats`}
          onChange={(clip) => change({ clip })}
        />
      )}
    </fieldset>
  );
}
