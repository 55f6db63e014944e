/** The outline of a series: a few numbers per channel that cost next to nothing. */

/** What an outline is made of. */
export interface Outlined {
  /** [length, channels], scaled. */
  readonly frames: Float32Array;
  /** [length, channels] 1 where there was a reading. */
  readonly given: Uint8Array;
  readonly channels: number;
  /** Steps that the series really has. */
  readonly steps: number;
}

const perChannel = 8;

/** Numbers of an outline: eight per channel, the length, and presence. */
export function outlineWidth(channels: number): number {
  return perChannel * channels + 2;
}

/** Mean, deviation, least, most, last, second half less first, mean jump, share given. */
function channelOutline({ frames, given, channels }: Outlined, c: number): number[] {
  const seen: number[] = [];
  for (let i = c; i < frames.length; i += channels) if (given[i] === 1) seen.push(frames[i]!);
  const steps = frames.length / channels;
  if (seen.length === 0) return new Array<number>(perChannel).fill(0);
  const mean = (list: readonly number[]): number =>
    list.length === 0 ? 0 : list.reduce((a, b) => a + b, 0) / list.length;
  const centre = mean(seen);
  const half = Math.floor(seen.length / 2);
  const least = seen.reduce((a, b) => Math.min(a, b));
  const most = seen.reduce((a, b) => Math.max(a, b));
  return [
    centre,
    Math.sqrt(mean(seen.map((value) => (value - centre) ** 2))),
    least,
    most,
    seen.at(-1)!,
    half === 0 ? 0 : mean(seen.slice(-half)) - mean(seen.slice(0, half)),
    mean(seen.slice(1).map((value, i) => Math.abs(value - seen[i]!))),
    seen.length / steps,
  ];
}

/** Writes an outline to `out` from `at` on. */
export function outlineInto(out: Float32Array, at: number, outlined: Outlined): void {
  const { channels, steps } = outlined;
  for (let c = 0; c < channels; c++) out.set(channelOutline(outlined, c), at + c * perChannel);
  out[at + perChannel * channels] = Math.log1p(steps) / 4;
  out[at + perChannel * channels + 1] = 1;
}
