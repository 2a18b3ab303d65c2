export interface Leaving {
  /** Resolves at the first Ctrl-C or SIGTERM. */
  readonly begun: Promise<undefined>;
  asked(): boolean;
  /** From here on there is something to close; before, the first Ctrl-C ends the process at once. */
  ready(): void;
}

/** A second Ctrl-C ends the process at once; functions and account notice that it is gone, and leave too. */
export function whenAskedToLeave(): Leaving {
  let asked = false;
  let ready = false;
  const begun = new Promise<undefined>((resolve) => {
    const leave = (): void => {
      if (asked || !ready) process.exit(130);
      asked = true;
      console.error('Leaving...');
      resolve(undefined);
    };
    process.on('SIGINT', leave);
    process.on('SIGTERM', leave);
  });
  return {
    begun,
    asked: () => asked,
    ready: () => {
      ready = true;
    },
  };
}
