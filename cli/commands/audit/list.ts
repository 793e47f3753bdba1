import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { type AuditEntry, AuditEntrySchema } from '#gen/millrace/state/v1/audit_pb.ts';
import { AuditService } from '#gen/millrace/state/v1/audit_service_pb.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { type Row, renderTable } from '../text/table.ts';
import { localTime } from '../text/times.ts';
import { type Moment, moment, msOfMoment } from '../value-types.ts';

const TITLES: Row = ['NUMBER', 'TIME', 'WHO', 'DID', 'TO', 'DETAILS'];

/** `millrace audit list`: shows who did what. */
export const LIST_AUDIT_COMMAND: Command = defineCommand({
  name: 'audit list',
  summary: 'list who did what in a tenant, the newest first',
  notes: 'With --runs, what the logs of runs say comes behind the chain: starts, controls and signals, by run.',
  options: {
    token: { type: text('id'), doc: 'only what was done with this token' },
    action: { type: text('rpc'), doc: 'only this, such as millrace.state.v1.TokenService/CreateToken' },
    kind: { type: text('kind'), doc: 'only what was done to this kind: token, tenant, run' },
    target: { type: text('id'), doc: 'only what was done to this' },
    after: { type: moment(), doc: 'only what was done then or later' },
    before: { type: moment(), doc: 'only what was done before' },
    runs: { type: boolean(), doc: 'also what the logs of runs say' },
    ...PAGE_OPTIONS,
    ...STATE_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    const nowMs = context.wallMs();
    const time = (given: Moment) => timestampFromMs(msOfMoment(given, nowMs));
    const filter = {
      tokenId: values.token ?? '',
      action: values.action ?? '',
      targetKind: values.kind ?? '',
      targetId: values.target ?? '',
      includeRuns: values.runs === true,
      ...(values.after === undefined ? {} : { minEntryTime: time(values.after) }),
      ...(values.before === undefined ? {} : { maxEntryTime: time(values.before) }),
    };
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const audit = createClient(AuditService, channel);
    const { items, more } = await listPages<AuditEntry>(pageLimit(values), async (pageSize, pageToken) => {
      const request = { tenantId, filter, pageSize, pageToken };
      const page = await audit.listEntries(request, { signal: context.signal });
      return { items: page.entries, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no entries');
    }
    context.out.print({
      json: { entries: items.map((entry) => messageJson(AuditEntrySchema, entry)), more },
      text: items.length === 0 ? '' : renderTable(TITLES, items.map(rowOf)),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});

function rowOf(entry: AuditEntry): Row {
  const { number, entryTime, tokenName, action, targetKind, targetId, details } = entry;
  return [
    number === 0n ? '' : String(number),
    entryTime === undefined ? '' : localTime(timestampMs(entryTime)),
    tokenName,
    action.slice(action.lastIndexOf('/') + 1),
    `${targetKind} ${targetId}`,
    Object.entries(details)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ];
}
