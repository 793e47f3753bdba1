import type { AttributeValue } from '../model/attribute.ts';
import type { DefinitionRules } from '../model/definition-rules.ts';
import type { OpenItem, OpenNode } from '../model/open-node.ts';
import type { Child, OpenStep, Wait } from '../model/open-things.ts';
import { createRun, type Run, type RunIdentity } from '../model/run.ts';
import type { BufferedSignal } from '../model/signal-buffer.ts';
import { stepKey } from '../model/step-id.ts';
import { type ClientSnapshot, clientFromSnapshot, clientSnapshotOf } from './client-snapshot.ts';

type Collections = 'client' | 'attributes' | 'stateKeys' | 'nodes' | 'waits' | 'children' | 'openSteps' | 'signals';

/** What of a run is neither what it is nor a collection: taken over as it is. */
export type RunScalars = Readonly<Omit<Run, Collections | 'identity' | 'rules'>>;

/** The signals of one name that nobody has consumed, the oldest first. */
export interface BufferedName {
  readonly name: string;
  readonly signals: readonly BufferedSignal[];
}

/** An open node as it was. */
export type NodeSnapshot = Readonly<Omit<OpenNode, 'item'>> & { readonly item: Readonly<OpenItem> | undefined };

/**
 * The state of a run after its event `lastSequence`, as plain values that share nothing that changes with the run. What
 * it holds is open, or a number of an event: no result, no payload.
 */
export interface RunSnapshot {
  readonly scalars: RunScalars;
  readonly attributes: ReadonlyArray<readonly [name: string, value: AttributeValue]>;
  readonly stateKeys: ReadonlyArray<readonly [key: string, sequence: number]>;
  readonly nodes: readonly NodeSnapshot[];
  readonly waits: readonly Wait[];
  readonly children: ReadonlyArray<Readonly<Child>>;
  readonly openSteps: readonly OpenStep[];
  readonly signalsReceived: number;
  readonly signals: readonly BufferedName[];
  readonly signalIds: readonly string[];
  /** Absent: a SERVER run. */
  readonly client: ClientSnapshot | undefined;
}

/** The snapshot of a run as it is now. */
export function snapshotOf(run: Run): RunSnapshot {
  const { identity: _identity, rules: _rules, ...state } = run;
  const { attributes, stateKeys, nodes, waits, children, openSteps, signals, client, ...scalars } = state;
  return {
    scalars,
    attributes: [...attributes],
    stateKeys: [...stateKeys],
    nodes: Array.from(nodes.values(), copyNode),
    waits: [...waits.values()],
    children: Array.from(children.values(), (child) => ({ ...child })),
    openSteps: [...openSteps.values()],
    signalsReceived: signals.received,
    signals: Array.from(signals.byName, ([name, buffered]) => ({ name, signals: [...buffered] })),
    signalIds: [...signals.ids],
    client: client === undefined ? undefined : clientSnapshotOf(client),
  };
}

/** The run that a snapshot was taken of. Folding the events after it gives what folding all of them gives. */
export function runFromSnapshot(identity: RunIdentity, rules: DefinitionRules, snapshot: RunSnapshot): Run {
  const buffered = snapshot.signals.flatMap(({ signals }) => signals);
  const nodes = new Map(snapshot.nodes.map((node) => [node.path, copyNode(node)]));
  return Object.assign(createRun(identity, rules), snapshot.scalars, {
    attributes: new Map(snapshot.attributes),
    stateKeys: new Map(snapshot.stateKeys),
    nodes,
    waits: new Map(snapshot.waits.map((wait) => [wait.startedSequence, wait])),
    children: new Map(snapshot.children.map((child) => [child.scheduledSequence, { ...child }])),
    openSteps: new Map(snapshot.openSteps.map((step) => [stepKey(step.step), step])),
    signals: {
      received: snapshot.signalsReceived,
      count: buffered.length,
      bytes: buffered.reduce((sum, { bytes }) => sum + bytes, 0),
      byName: new Map(snapshot.signals.map(({ name, signals }) => [name, [...signals]])),
      ids: new Set(snapshot.signalIds),
    },
    client: snapshot.client === undefined ? undefined : clientFromSnapshot(snapshot.client, nodes),
  });
}

function copyNode(node: NodeSnapshot): OpenNode {
  return { ...node, item: node.item === undefined ? undefined : { ...node.item } };
}
