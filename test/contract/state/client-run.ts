import type { Command } from '#libs/engine/commands/command.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';

/** Starts a CLIENT run in its partition. */
export async function startClientRun(node: PartitionNode, key: RunKey, incarnation: string): Promise<void> {
  await ask(node.partitionOf(key), key, {
    intent: 'startRun',
    act: (visit) =>
      visit.start({
        incarnation,
        driver: 'CLIENT',
        rules: { retry: undefined, scheduleToStartMs: undefined, cleanupTimeoutMs: undefined },
        start: { request: undefined, retentionMs: 1_000_000, traceparent: '' },
        command: {
          kind: 'startRun',
          workflow: 'order',
          version: '1',
          definitionHash: 'hash',
          input: undefined,
          priority: 3,
          tags: [],
          attributes: {},
          parent: undefined,
          runTimeoutMs: undefined,
          requestedBy: 'test',
          replacedIncarnation: '',
          queue: 'default',
        },
      }),
  });
}

/** Does something to a run in its partition, and waits until it is durable. */
export async function performOn(node: PartitionNode, key: RunKey, ...commands: readonly Command[]): Promise<void> {
  await ask(node.partitionOf(key), key, {
    intent: commands[0]?.kind ?? 'wake',
    act: (visit) => {
      for (const command of commands) {
        const result = visit.perform(command);
        if (result.kind === 'rejected') throw new TypeError(`${command.kind} was refused: ${result.rejection.reason}`);
      }
    },
  });
}

/** Appends events of a runtime, by their types. */
export function appended(...types: readonly string[]): Command {
  const events = types.map((type) => ({ type, data: undefined, sourceTime: undefined, metadata: {} }));
  return { kind: 'appendEvents', events, expectedSequence: undefined };
}
