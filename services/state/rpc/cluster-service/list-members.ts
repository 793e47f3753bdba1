import { create, toBinary } from '@bufbuild/protobuf';
import {
  type ListMembersRequest,
  type ListMembersResponse,
  ListMembersResponseSchema,
} from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { MemberSchema } from '#gen/millrace/state/v1/member_pb.ts';
import type { MemberView } from '#libs/partition/ownership/ownership.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { comparePlaces, type ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from '../reads/page-limits.ts';
import { type ClusterContext, memberFromView, memberListFrom } from './member-list.ts';

/** By id. */
const MEMBER_ORDER: ListOrder<MemberView, readonly [string]> = {
  list: 'members',
  parts: ['text'],
  placeOf: ({ nodeId }) => [nodeId],
};

/** The list is of the cluster, whoever asks. */
const SCOPE = { tenantId: '', filter: {} };

/**
 * ClusterService.ListMembers: lists the nodes by id, as this one sees them. Each page is of the moment that it is asked
 * for, and says so by its revision.
 */
export function createListMembers(context: ClusterContext): UnaryHandler<ListMembersRequest, ListMembersResponse> {
  return ({ pageSize, pageToken }) => {
    const view = context.cluster.members();
    const after = pageToken === '' ? undefined : parsePageToken(MEMBER_ORDER, SCOPE, pageToken);
    const rest = view.members
      .filter((member) => after === undefined || comparePlaces(MEMBER_ORDER, MEMBER_ORDER.placeOf(member), after) > 0)
      .toSorted((a, b) => comparePlaces(MEMBER_ORDER, MEMBER_ORDER.placeOf(a), MEMBER_ORDER.placeOf(b)));
    const page = rest.slice(0, countOf(rest, pageSize || DEFAULT_PAGE_SIZE));
    const last = page.length < rest.length ? page.at(-1) : undefined;
    return create(ListMembersResponseSchema, {
      members: memberListFrom(view, page),
      nextPageToken: last === undefined ? '' : pageTokenFromPlace(MEMBER_ORDER, SCOPE, MEMBER_ORDER.placeOf(last)),
    });
  };
}

/** How many fit into a page; one at least. */
function countOf(members: readonly MemberView[], limit: number): number {
  let bytes = 0;
  for (const [count, member] of members.entries()) {
    bytes += toBinary(MemberSchema, memberFromView(member)).length;
    if (count >= limit || (bytes > MAX_PAGE_BYTES && count > 0)) return count;
  }
  return members.length;
}
