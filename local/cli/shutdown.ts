export interface Shutdown {
  /** Resolves at the first Ctrl-C or SIGTERM. */
  readonly requested: Promise<undefined>;
  isRequested(): boolean;
  /** Call it when there is something to close. Before that, the first Ctrl-C ends the process at once. */
  ready(): void;
}

/** A second Ctrl-C ends the process at once. The functions and the account notice that, and end too. */
export function shutdownOnSignal(): Shutdown {
  let isRequested = false;
  let ready = false;
  const requested = new Promise<undefined>((resolve) => {
    const shutDown = (): void => {
      if (isRequested || !ready) process.exit(130);
      isRequested = true;
      console.error('Shutting down...');
      resolve(undefined);
    };
    process.on('SIGINT', shutDown);
    process.on('SIGTERM', shutDown);
  });
  return {
    requested,
    isRequested: () => isRequested,
    ready: () => {
      ready = true;
    },
  };
}
