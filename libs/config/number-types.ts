import type { ValueType } from './value-type.ts';

/** A whole number within bounds, both included. */
export function integer(bounds: { readonly min: number; readonly max: number }): ValueType<number> {
  return {
    placeholder: 'number',
    rule: `a whole number from ${bounds.min} to ${bounds.max}`,
    parse: (raw) => within(bounds.min, bounds.max, /^-?\d{1,15}$/.test(raw) ? Number(raw) : undefined),
    format: String,
  };
}

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span of time within bounds, both included, written with its unit: `500ms`, `25s`, `30m`, `24h`, `7d`. */
export function durationMs(bounds: { readonly minMs: number; readonly maxMs: number }): ValueType<number> {
  return {
    placeholder: 'duration',
    rule: `a duration with its unit from ${formatDuration(bounds.minMs)} to ${formatDuration(bounds.maxMs)}, such as 500ms, 25s or 30m`,
    parse: (raw) => within(bounds.minMs, bounds.maxMs, maybeDuration(raw)),
    format: formatDuration,
  };
}

function maybeDuration(raw: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(raw);
  return match === null ? undefined : Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}

/** Writes milliseconds in the largest unit that fits without a rest: `90s`, `25s`, `1500ms`. */
export function formatDuration(ms: number): string {
  const units = Object.entries(UNITS_MS).toReversed();
  const [unit, size] = units.find(([, unitMs]) => ms !== 0 && ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

function within(min: number, max: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}
