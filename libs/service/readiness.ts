/** How far a service is. It only goes forward. */
export type Readiness = 'starting' | 'ready' | 'draining';

/** Knows how far a service is, for probes. */
export interface ReadinessState {
  readonly current: Readiness;
  /** Everything is up. Does nothing once the service drains. */
  markReady(): void;
  /** The service ends soon and wants no more work. */
  markDraining(): void;
}

/** Begins with `starting`. */
export function createReadiness(): ReadinessState {
  let current: Readiness = 'starting';
  return {
    get current() {
      return current;
    },
    markReady() {
      current = current === 'starting' ? 'ready' : current;
    },
    markDraining() {
      current = 'draining';
    },
  };
}
