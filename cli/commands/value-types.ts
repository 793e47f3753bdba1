import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';

/** The longest duration that the services take: ten years. */
export const MAX_DURATION_MS = 315_576_000_000;

/** A JSON text, as it was typed. */
export function jsonText(): ValueType<string> {
  return {
    placeholder: 'json',
    rule: 'JSON',
    parse(raw) {
      try {
        JSON.parse(raw);
        return raw;
      } catch (error) {
        throw new ValueFault(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    format: (value) => value,
  };
}

/** The name of a run's status, in capitals or not. */
export function runStatus(): ValueType<RunStatus> {
  const names = Object.keys(RunStatus).filter((name) => name !== 'UNSPECIFIED');
  return {
    placeholder: 'status',
    rule: `one of ${names.join(', ')}`,
    parse(raw) {
      const name = raw.toUpperCase();
      return names.includes(name) ? RunStatus[name as keyof typeof RunStatus] : undefined;
    },
    format: (value) => names.find((name) => RunStatus[name as keyof typeof RunStatus] === value) ?? String(value),
  };
}

/** A moment: a point in time, or so long before now. */
export type Moment = { readonly kind: 'at'; readonly ms: number } | { readonly kind: 'ago'; readonly ms: number };

/** A moment as ISO 8601 writes it, or as a duration before now: `2026-03-01T12:00:00Z`, `2026-03-01`, `90m`. */
export function moment(): ValueType<Moment> {
  const ago = durationMs({ minMs: 0, maxMs: MAX_DURATION_MS });
  return {
    placeholder: 'time',
    rule: 'a time such as 2026-03-01T12:00:00Z, or a duration before now such as 90m',
    parse(raw) {
      const agoMs = ago.parse(raw);
      if (agoMs !== undefined) {
        return { kind: 'ago', ms: agoMs };
      }
      const ms = /^\d{4}-\d{2}-\d{2}/.test(raw) ? Date.parse(raw) : Number.NaN;
      return Number.isNaN(ms) ? undefined : { kind: 'at', ms };
    },
    format: ({ kind, ms }) => (kind === 'ago' ? ago.format(ms) : new Date(ms).toISOString()),
  };
}

/** The point in time of a moment, in milliseconds since 1970. */
export function msOfMoment({ kind, ms }: Moment, nowMs: number): number {
  return kind === 'at' ? ms : nowMs - ms;
}

/** The largest fence there is. */
const MAX_FENCE = 2n ** 63n - 1n;

/** A lease's fence: a whole number from 1 that may be larger than a double is exact for. */
export function fence(): ValueType<bigint> {
  return {
    placeholder: 'fence',
    rule: 'a whole number from 1',
    parse(raw) {
      const value = /^\d{1,19}$/.test(raw) ? BigInt(raw) : 0n;
      return value >= 1n && value <= MAX_FENCE ? value : undefined;
    },
    format: String,
  };
}
