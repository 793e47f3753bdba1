import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Member, type MemberList, MemberListSchema, MemberSchema } from '#gen/millrace/state/v1/member_pb.ts';
import type { MembersView, MemberView } from '#libs/partition/ownership/ownership.ts';
import type { Cluster } from '../cluster.ts';

/** What the RPCs about the cluster need of the world. */
export interface ClusterContext {
  readonly cluster: Pick<Cluster, 'members' | 'onChange'>;
}

/** A node as callers see it. */
export function memberFromView(view: MemberView): Member {
  return create(MemberSchema, {
    memberId: view.nodeId,
    address: view.address,
    httpAddress: view.httpAddress,
    version: view.version,
    newestFormat: view.newestFormat,
    partitions: view.partitions.length,
    draining: view.isDraining,
    startTime: timestampFromMs(view.startTime),
    partitionIds: [...view.partitions],
  });
}

/** The nodes as of one moment, or some of them. */
export function memberListFrom({ revision, partitionCount }: MembersView, members: readonly MemberView[]): MemberList {
  return create(MemberListSchema, {
    members: members.map(memberFromView),
    revision: BigInt(revision),
    partitionCount,
  });
}
