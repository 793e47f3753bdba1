import { DomainError } from '#libs/errors/domain-error.ts';
import { parseToken, tokenFrom } from './token.ts';

/** The first two tokens of every subject: whose they are, and which version of their grammar. */
const PREFIX = 'millrace.v1';

/** What a message is about. One family of subjects for each; this file is the only place where a subject is spelt. */
export type Topic =
  | { readonly family: 'run'; readonly workflow: string; readonly event: string; readonly runId: string }
  | { readonly family: 'signal'; readonly name: string; readonly runId: string }
  | { readonly family: 'control'; readonly kind: 'cancel' | 'pause'; readonly runId: string }
  | { readonly family: 'package'; readonly event: string; readonly name: string; readonly version: string }
  /** A queue of a tenant has work again: only said when it was empty before. */
  | { readonly family: 'queue'; readonly queue: string }
  /** Something that the outside asks for. */
  | { readonly family: 'command'; readonly verb: string };

/** A subject taken apart. */
export interface ParsedSubject {
  readonly tenantId: string;
  readonly topic: Topic;
}

/** The subject of a message. Texts of users are escaped, so that every family has its fixed count of tokens. */
export function subjectFrom(tenantId: string, topic: Topic): string {
  return [PREFIX, tokenFrom(tenantId), topic.family, ...tokensOf(topic)].join('.');
}

function tokensOf(topic: Topic): readonly string[] {
  switch (topic.family) {
    case 'run':
      return [tokenFrom(topic.workflow), tokenFrom(topic.event), tokenFrom(topic.runId)];
    case 'signal':
      return [tokenFrom(topic.name), tokenFrom(topic.runId)];
    case 'control':
      return [topic.kind, tokenFrom(topic.runId)];
    case 'package':
      return [tokenFrom(topic.event), tokenFrom(topic.name), tokenFrom(topic.version)];
    case 'queue':
      return [tokenFrom(topic.queue), 'ready'];
    case 'command':
      return [tokenFrom(topic.verb)];
  }
}

/**
 * Takes a subject apart.
 *
 * @throws MALFORMED when it is none of Millrace's.
 */
export function parseSubject(subject: string): ParsedSubject {
  const [millrace, version, tenant, family, ...rest] = subject.split('.');
  if (`${millrace}.${version}` !== PREFIX || tenant === undefined || family === undefined) throw malformed(subject);
  return { tenantId: parseToken(tenant), topic: parseTopic(subject, family, rest) };
}

function parseTopic(subject: string, family: string, tokens: readonly string[]): Topic {
  const [a = '', b = '', c = ''] = tokens;
  switch (`${family} ${tokens.length}`) {
    case 'run 3':
      return { family: 'run', workflow: parseToken(a), event: parseToken(b), runId: parseToken(c) };
    case 'signal 2':
      return { family: 'signal', name: parseToken(a), runId: parseToken(b) };
    case 'control 2':
      if (a !== 'cancel' && a !== 'pause') break;
      return { family: 'control', kind: a, runId: parseToken(b) };
    case 'package 3':
      return { family: 'package', event: parseToken(a), name: parseToken(b), version: parseToken(c) };
    case 'queue 2':
      if (b !== 'ready') break;
      return { family: 'queue', queue: parseToken(a) };
    case 'command 1':
      return { family: 'command', verb: parseToken(a) };
  }
  throw malformed(subject);
}

function malformed(subject: string): DomainError {
  return new DomainError('MALFORMED', `"${subject}" is no subject of Millrace`);
}
