import type { DivergenceWait } from '#gen/millrace/state/v1/wait_pb.ts';
import type { Divergence } from '#libs/engine/events/run-events.ts';

/** A divergence on the wire. */
export function divergenceToProto(divergence: Divergence): DivergenceWait {
  const { expectedStep, foundStep, sourceLocation, build } = divergence;
  return { $typeName: 'millrace.state.v1.DivergenceWait', expectedStep, foundStep, sourceLocation, build };
}

/** A divergence that a worker reports; one without a word about it is a divergence too. */
export function divergenceFromProto(message: DivergenceWait | undefined): Divergence {
  return {
    expectedStep: message?.expectedStep ?? '',
    foundStep: message?.foundStep ?? '',
    sourceLocation: message?.sourceLocation ?? '',
    build: message?.build ?? '',
  };
}
