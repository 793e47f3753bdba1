/** What the spike reached with so many runs at a time. */
export interface SpikePoint {
  readonly steps: number;
  readonly concurrency: number;
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of a core that each process used, 1 for a whole one. */
  readonly cpu: { readonly state: number; readonly worker: number; readonly client: number };
}

const LINE =
  /^N=(\d+) C=(\d+) wf\/s (\d+) steps\/s \d+ p50 ([\d.]+) p99 ([\d.]+) cpu state\/worker\/client (\d+)%,(\d+)%,(\d+)%$/;

/**
 * Reads what the spike prints. Other lines are passed over.
 *
 * @throws RangeError when there is no figure at all, so that a failed spike is never taken for a measured one.
 */
export function parseSpikeOutput(output: string): readonly SpikePoint[] {
  const points: SpikePoint[] = [];
  for (const line of output.split('\n')) {
    const match = LINE.exec(line.trim());
    if (match === null) continue;
    const [steps = 0, concurrency = 0, runsPerSecond = 0, p50Ms = 0, p99Ms = 0, state = 0, worker = 0, client = 0] =
      match.slice(1).map(Number);
    const cpu = { state: state / 100, worker: worker / 100, client: client / 100 };
    points.push({ steps, concurrency, runsPerSecond, p50Ms, p99Ms, cpu });
  }
  if (points.length === 0) throw new RangeError('the spike printed no figure');
  return points;
}
