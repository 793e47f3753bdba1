import type { Place } from './places.ts';

/** A place where a line has to hold; without a store or a door any will do. */
export type Need = Partial<Place>;

/** A behaviour that must hold, by its number. */
export interface Line {
  readonly number: number;
  /** What it is about, in a few words. */
  readonly title: string;
  /** Each must have a test. */
  readonly needs: readonly Need[];
  /** Services, and calls of them, without which the line cannot hold as a whole, whatever its tests say; or `graphs`. */
  readonly about: readonly string[];
}

/** Rules of the engine, of an algorithm, of what has no store: one test, wherever. */
const ONCE: readonly Need[] = [{}];
/** What outlives a process, through whatever door. */
const DURABLE: readonly Need[] = [{ store: 'SQLite' }, { store: 'MongoDB' }];
/** What all stores must keep, through whatever door. */
const STORED: readonly Need[] = [{ store: 'memory' }, ...DURABLE];
/** What callers see, through both doors of a service that keeps it. */
const SERVED: readonly Need[] = DURABLE.flatMap(({ store = 'none' }) => [
  { store, door: 'gRPC' },
  { store, door: 'HTTP' },
]);
/** What callers see, on all stores. */
const EVERYWHERE: readonly Need[] = [{ store: 'memory' }, ...SERVED];

const CLAIMS: readonly string[] = ['ClaimService'];
const ITEMS: readonly string[] = ['QueueService'];
/** They have no call of their own. */
const GRAPHS: readonly string[] = ['graphs'];

type Entry = readonly [number: number, title: string, needs: readonly Need[], about?: readonly string[]];

const ENTRIES: readonly Entry[] = [
  [1, 'a snapshot that is not there', EVERYWHERE, ['SnapshotService']],
  [2, 'the second save is the head, both are history', EVERYWHERE, ['SnapshotService']],
  [3, 'a late save after the end', EVERYWHERE, ['SnapshotService']],
  [4, 'a delete takes everything of the run', EVERYWHERE, ['SnapshotService']],
  [5, 'task results that are saved at once', EVERYWHERE, ['SnapshotService']],
  [6, 'reading task results, also after the end', EVERYWHERE, ['SnapshotService']],
  [7, 'lists of snapshots, by pages', EVERYWHERE, ['SnapshotService']],
  [8, 'stored bytes that are cut, foreign or newer', STORED],
  [9, 'calls for the other driver', EVERYWHERE, ['SnapshotService']],
  [10, 'one claim gets the lease, the others nothing', EVERYWHERE, CLAIMS],
  [11, 'expired leases are taken with a larger fence', EVERYWHERE, CLAIMS],
  [12, 'releasing what is another’s, or not there', EVERYWHERE, CLAIMS],
  [13, 'an extension counts from now', EVERYWHERE, CLAIMS],
  [14, 'who lost the lease writes nothing', EVERYWHERE, CLAIMS],
  [15, 'one completion takes effect', EVERYWHERE, ITEMS],
  [16, 'a completion after the lease expired', EVERYWHERE, ITEMS],
  [17, 'forged fences', EVERYWHERE, ITEMS],
  [18, 'fences grow over a fail-over', STORED, CLAIMS],
  [19, 'priority, then age', EVERYWHERE, CLAIMS],
  [20, 'aging of priorities', ONCE],
  [21, 'tags of tasks and workers', EVERYWHERE, CLAIMS],
  [22, 'order before limit', EVERYWHERE, CLAIMS],
  [23, 'what is never offered, or not yet', EVERYWHERE, CLAIMS],
  [24, 'who failed sees a task last', EVERYWHERE, CLAIMS],
  [25, 'pending controls of CLIENT runs hold tasks back', EVERYWHERE, CLAIMS],
  [26, 'the control matrix, both drivers', EVERYWHERE, ['ControlService', 'RunService/UpdateRunStatus']],
  [27, 'stored controls are read, cleared, replaced', EVERYWHERE, ['ControlService']],
  [28, 'checking for a control takes it', EVERYWHERE, ['ControlService']],
  [29, 'a pause keeps place and results', EVERYWHERE],
  [30, 'a cancel with and without clean-up', EVERYWHERE],
  [31, 'a cancel reaches the task that runs', EVERYWHERE],
  [32, 'nothing is dispatched while paused', EVERYWHERE],
  [33, 'signals in order, apart by name and run', EVERYWHERE, ['SignalService/ConsumeSignal']],
  [34, 'signals before and during a wait', EVERYWHERE],
  [35, 'a wait that is the last step', EVERYWHERE],
  [36, 'signals twice, after the end, before the start', EVERYWHERE],
  [37, 'a wait that is over', EVERYWHERE],
  [38, 'consuming and advancing are one commit', STORED],
  [39, 'an id that is in use', SERVED],
  [40, 'another definition under an id', SERVED],
  [41, 'ids and request ids', SERVED],
  [42, 'killed after the first of three tasks', DURABLE],
  [43, 'retries: attempts, waits, jitter', SERVED],
  [44, 'final errors and time-outs', SERVED],
  [45, 'two workers share runs, one drains', DURABLE],
  [46, 'fork and join', DURABLE, GRAPHS],
  [47, 'a diamond with a condition', DURABLE, GRAPHS],
  [48, 'branches with delays hold no worker', DURABLE, GRAPHS],
  [49, 'loops and their limit', DURABLE, GRAPHS],
  [50, 'a node that failed, finally, compensation', DURABLE, GRAPHS],
  [51, 'a map with a cap', DURABLE, GRAPHS],
  [52, 'children that are waited for, detached, cancelled', DURABLE],
  [53, 'a race of event and timer', DURABLE, GRAPHS],
  [54, 'parallel leaves', DURABLE, GRAPHS],
  [55, 'everything that is wrong with a definition', SERVED, GRAPHS],
  [56, 'a definition that is stored again', SERVED],
  [57, 'appended events have no gap', EVERYWHERE, ['EventLogService/AppendEvents']],
  [58, 'reading and watching events', EVERYWHERE],
  [59, 'state documents are patched', EVERYWHERE, ['RunService/PatchRunState', 'RunService/AppendRunState']],
  [60, 'changes of status that are not allowed', EVERYWHERE, ['RunService/UpdateRunStatus']],
  [61, 'a snapshot and its tail are the whole log', ONCE],
  [62, 'lists of runs, by filters', EVERYWHERE],
  [63, 'claims from queues', EVERYWHERE, ITEMS],
  [64, 'expired items come back later, then are dead', STORED, ITEMS],
  [65, 'one way to expire', STORED, ITEMS],
  [66, 'dead letters are kept, requeued, purged', EVERYWHERE, ITEMS],
  [67, 'items that may be tried later', EVERYWHERE, ITEMS],
  [68, 'poison ends in the dead letters', STORED, ITEMS],
  [69, 'tenants do not see each other', EVERYWHERE, ['QueueService', 'TokenService']],
  [70, 'tokens and roles', EVERYWHERE, ['TokenService']],
  [71, 'suspended tenants and their limits', EVERYWHERE, ['TenantService']],
  [72, 'every RPC has a role', ONCE],
  [73, 'packages that are none', SERVED, ['PackageService']],
  [74, 'the same package again', SERVED, ['PackageService']],
  [75, 'versions of packages, roll-back', SERVED, ['PackageService']],
  [76, 'packages that go', SERVED, ['PackageService']],
  [77, 'blobs of all sizes, a flipped byte', STORED],
  [78, 'signatures of packages', SERVED, ['SigningKeyService']],
  [79, 'defaults of the reconciler', ONCE, ['ReconcilerService']],
  [80, 'a pass that loads a new package', ONCE, ['ReconcilerService']],
  [81, 'a bad package among good ones', ONCE, ['ReconcilerService']],
  [82, 'a load that hangs', ONCE, ['ReconcilerService']],
  [83, 'what changed while the worker was down', ONCE, ['ReconcilerService']],
  [84, 'how soon a change is loaded', ONCE, ['ReconcilerService']],
  [85, 'a broken new version', ONCE, ['ReconcilerService']],
  [86, 'a shutdown in a pass', ONCE, ['ReconcilerService']],
  [87, 'each change is published once, in order', ONCE],
  [88, 'texts of users in subjects', ONCE],
  [89, 'NATS is down for a minute', ONCE],
  [90, 'the rules of the commit protocol', DURABLE],
  [91, 'a stream that is taken up again', DURABLE],
  [92, 'leases over a fail-over, lost assignments', DURABLE],
  [93, 'a run that throws, a record that is damaged', DURABLE],
  [94, 'timers fire once, none early', DURABLE],
  [95, 'a child in another partition', DURABLE],
];

/** All lines, in order. */
export const LINES: readonly Line[] = ENTRIES.map(([number, title, needs, about = []]) => ({
  number,
  title,
  needs,
  about,
}));
