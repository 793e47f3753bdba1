/** The name that stands for the whole process. */
const WHOLE_PROCESS = '';

/** Hears that the health of a service changed, or that it became known. */
export type HealthListener = (service: string, isServing: boolean) => void;

/** What probes are told: for the process (`''`) and for each service by its full name, whether it serves. */
export interface HealthState {
  /** The known services. */
  readonly statuses: ReadonlyMap<string, boolean>;
  /** Sets the health of a service; an unknown one becomes known. Without effect while the process drains. */
  set(service: string, isServing: boolean): void;
  /** Everything stops serving, for good. Safe to call again. */
  drain(): void;
  /** Calls back after every change until the function that it answers is called. */
  subscribe(listener: HealthListener): () => void;
}

/** A state in which the process and the given services are known and do not serve yet. */
export function createHealthState(services: Iterable<string> = []): HealthState {
  const statuses = new Map<string, boolean>([[WHOLE_PROCESS, false]]);
  const listeners = new Set<HealthListener>();
  let isDraining = false;
  for (const service of services) {
    statuses.set(service, false);
  }

  function change(service: string, isServing: boolean): void {
    if (statuses.get(service) === isServing) {
      return;
    }
    statuses.set(service, isServing);
    for (const listener of listeners) {
      listener(service, isServing);
    }
  }

  return {
    statuses,
    set(service, isServing) {
      if (!isDraining) {
        change(service, isServing);
      }
    },
    drain() {
      isDraining = true;
      for (const service of statuses.keys()) {
        change(service, false);
      }
    },
    subscribe(listener) {
      // The same function may be given twice, and each time is a subscription of its own.
      const own: HealthListener = (service, isServing) => listener(service, isServing);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
