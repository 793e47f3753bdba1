import { inject } from 'vitest';
import type { Found } from '#test/gate.ts';
import { onPath } from '#test/servers/on-path.ts';
import { blockKind } from './block-kind.ts';
import type { Block } from './read-blocks.ts';

/** What the commands of a page need that a machine may not have. */
export interface PageNeeds {
  readonly curl: Found | undefined;
  readonly jq: Found | undefined;
  readonly grpcurl: Found | undefined;
  /** Python with grpcio and its tools, as a virtual environment. */
  readonly python: Found | undefined;
  readonly mongo: Found | undefined;
}

/** Looks for what a page needs, and for nothing else. */
export async function findPageNeeds(blocks: readonly Block[]): Promise<PageNeeds> {
  const text = blocks
    .filter((block) => blockKind(block) === 'shell')
    .map((block) => block.text)
    .join('\n');
  const program = async (name: string): Promise<Found | undefined> => {
    if (!new RegExp(`\\b${name} `).test(text)) return undefined;
    const at = await onPath(name);
    return at === undefined ? { missing: `no ${name} (${name} is not on PATH): put ${name} on PATH` } : { at };
  };
  return {
    curl: await program('curl'),
    jq: await program('jq'),
    grpcurl: text.includes('grpcurl ') ? inject('tools').grpcurl : undefined,
    python: text.includes('python3 ') ? inject('tools').python : undefined,
    mongo: text.includes('mongodb://') ? inject('servers').mongodb : undefined,
  };
}
